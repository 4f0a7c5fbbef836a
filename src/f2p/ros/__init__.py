"""The ROS 2 shell: the only room that imports rclpy, launch or message packages."""
