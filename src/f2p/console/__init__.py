"""The operator's web view: what is shown, drawn into a browser, and who may press what; no ROS."""
