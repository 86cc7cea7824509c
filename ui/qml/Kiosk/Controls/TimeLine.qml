pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The way of a case, from the top: what is behind it, where it stands now, what is still to come. A shape, a word and a
// weight tell the three apart, not the colour alone.
Column {
    id: root

    property var model: null
    readonly property int dot: Theme.space(Theme.elder ? 6 : 4.5)

    Repeater {
        id: steps

        model: root.model

        Item {
            id: step

            required property int index
            required property string text
            required property string day
            required property string stage
            readonly property bool last: step.index === steps.count - 1
            readonly property bool ahead: step.stage === "ahead"
            readonly property bool now: step.stage === "now"

            width: root.width
            height: words.height + (step.last ? 0 : Theme.space(3.5))

            Rectangle {
                visible: !step.last
                x: (root.dot - width) / 2
                y: mark.y + root.dot
                width: Theme.stroke
                height: step.height - root.dot
                color: step.now || step.ahead ? Theme.line : Theme.ok
            }

            Check {
                id: mark

                y: Theme.space(0.8)
                width: root.dot
                hollow: step.stage !== "done"
                tint: step.now ? Theme.teal : step.ahead ? Theme.line : Theme.ok

                Rectangle {
                    anchors.centerIn: parent
                    visible: step.now
                    width: parent.width * 0.5
                    height: width
                    radius: width / 2
                    color: Theme.teal
                }
            }

            Column {
                id: words

                x: root.dot + Theme.space(3)
                width: root.width - x

                Label {
                    width: parent.width
                    text: step.text
                    font.bold: step.now
                    color: step.ahead ? Theme.mutedInk : Theme.ink
                }

                Label {
                    visible: text !== ""
                    width: parent.width
                    text: step.day
                    font.pixelSize: Theme.small
                    color: step.now ? Theme.tealDeep : Theme.ink2
                }
            }
        }
    }
}
