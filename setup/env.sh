# The environment of every f2p process on a machine without a ROS installation. Source it from bash.
#
# It names the set-up's own ROS 2 and nothing else: paths of another ROS installation are dropped, since two
# of them in one process do not mix. On a ROS machine use `colcon build` and its `install/setup.bash` instead.

F2P_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export F2P_ROOT

_f2p_venv="$F2P_ROOT/.venv"
_f2p_interfaces="$_f2p_venv/interfaces"

export PATH="$_f2p_venv/bin:$PATH"
export AMENT_PREFIX_PATH="$_f2p_interfaces:$_f2p_venv"
export PYTHONPATH="$F2P_ROOT/src:$_f2p_interfaces/lib/python3.11/site-packages"

_f2p_libraries="$_f2p_interfaces/lib:$_f2p_venv/lib"
for _f2p_folder in "$_f2p_venv"/lib/python3.11/site-packages/ros_*.libs; do
    [ -d "$_f2p_folder" ] && _f2p_libraries="$_f2p_libraries:$_f2p_folder"
done
case ":${LD_LIBRARY_PATH:-}:" in
    *":$_f2p_libraries:"*) ;;
    *) export LD_LIBRARY_PATH="$_f2p_libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;
esac

# The ROS wheels start Python a second time to set LD_LIBRARY_PATH; it is set by now.
export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1

export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
export RMW_IMPLEMENTATION=rmw_fastrtps_cpp

# A shared-memory segment that holds several depth images; the default one loses most of them.
# Fast DDS 2 reads the first name, Fast DDS 3 the second.
export FASTRTPS_DEFAULT_PROFILES_FILE="${FASTRTPS_DEFAULT_PROFILES_FILE:-$F2P_ROOT/config/fastdds.xml}"
export FASTDDS_DEFAULT_PROFILES_FILE="${FASTDDS_DEFAULT_PROFILES_FILE:-$FASTRTPS_DEFAULT_PROFILES_FILE}"

# Stay on this machine unless the caller configured a second host.
if [ -z "${ROS_LOCALHOST_ONLY+set}${ROS_AUTOMATIC_DISCOVERY_RANGE+set}" ]; then
    export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
fi

unset _f2p_venv _f2p_interfaces _f2p_libraries _f2p_folder
