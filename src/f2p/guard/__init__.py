"""The last word before the driver, without ROS: rules, leases, motion cut into steps."""
