"""Recordings: rosbag2 folders read as far as they are whole, and written; no ROS in here."""
