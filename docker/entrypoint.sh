#!/usr/bin/env bash
# Give a command the workspace's environment, whichever distribution of ROS 2 the image has.
set -eo pipefail
source "/opt/ros/${ROS_DISTRO}/setup.bash"
source /ws/install/setup.bash
cd /data
exec "$@"
