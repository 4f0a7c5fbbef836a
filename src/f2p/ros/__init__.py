"""The ROS 2 shell: the only package that imports rclpy, launch or message packages."""
