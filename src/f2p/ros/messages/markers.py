"""Marks of the report as visualization_msgs, one array for each topic, which takes the place of the one before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from f2p.report.markers import Kind, Mark
from f2p.ros.messages.convert import TASK_FRAME, duration_to_msg, stamp_to_msg

TYPES = {Kind.BOX: Marker.CUBE, Kind.LINES: Marker.LINE_LIST, Kind.SPHERES: Marker.SPHERE_LIST,
         Kind.TEXT: Marker.TEXT_VIEW_FACING}  # fmt: skip


def markers_to_msg(marks: Sequence[Mark], stamp_ns: int) -> MarkerArray:
    """Return marks in the task frame, after an order to forget what the topic showed before."""
    out, counts = MarkerArray(), Counter[str]()
    forget = Marker(action=Marker.DELETEALL)
    forget.header.frame_id = TASK_FRAME
    out.markers.append(forget)
    for mark in marks:
        out.markers.append(_marker(mark, counts[mark.group], stamp_ns))
        counts[mark.group] += 1
    return out


def _marker(mark: Mark, number: int, stamp_ns: int) -> Marker:
    out = Marker(ns=mark.group, id=number, type=TYPES[mark.kind], action=Marker.ADD, text=mark.text)
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(stamp_ns)
    out.pose.position.x, out.pose.position.y, out.pose.position.z = mark.pose[:3]
    out.pose.orientation.z, out.pose.orientation.w = math.sin(mark.pose[3] / 2), math.cos(mark.pose[3] / 2)
    out.scale.x, out.scale.y, out.scale.z = mark.size
    red, green, blue, opacity = mark.color
    out.color = ColorRGBA(r=red, g=green, b=blue, a=opacity)
    out.points = [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in mark.points]
    out.lifetime = duration_to_msg(mark.lasts_s)
    return out
