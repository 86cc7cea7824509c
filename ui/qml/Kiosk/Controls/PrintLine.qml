pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// One paper on its way: what the printer has said, and nothing more.
Column {
    id: root

    property string title: ""
    property string state_: ""
    property string detail: ""
    property int done: 0
    property int total: 0
    readonly property bool running: root.state_ === "printing"

    spacing: Theme.space(2)

    Row {
        width: root.width
        spacing: Theme.space(2.5)

        Check {
            id: dot

            width: Theme.space(Theme.elder ? 6 : 4.5)
            y: Theme.space(1)
            hollow: root.state_ === "waiting" || root.running
            mark: root.state_ === "done" ? "yes" : root.state_ === "failed" ? "no" : "part"
            tint: root.state_ === "done" ? Theme.ok : root.state_ === "failed" ? Theme.bad
                : root.state_ === "unknown" ? Theme.warn : root.running ? Theme.teal : Theme.line
        }

        Column {
            width: root.width - dot.width - parent.spacing

            Label {
                width: parent.width
                text: root.title
                font.bold: true
                color: root.state_ === "waiting" ? Theme.mutedInk : Theme.ink
            }

            Label {
                visible: root.detail !== ""
                width: parent.width
                text: root.detail
                font.pixelSize: Theme.small
                color: Theme.ink2
            }
        }
    }

    // It keeps its place when the paper is out: what lies below must not slip away under a finger.
    Rectangle {
        visible: root.total > 0
        opacity: root.running ? 1 : 0
        width: root.width
        height: Theme.bar + Theme.space(0.5)
        radius: height / 2
        color: Theme.line

        Rectangle {
            width: root.total > 0 ? parent.width * Math.min(1, root.done / root.total) : 0
            height: parent.height
            radius: height / 2
            color: Theme.teal
        }
    }
}
