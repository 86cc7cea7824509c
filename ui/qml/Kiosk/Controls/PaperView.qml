pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The paper itself on the screen, with its seal. The shadow is three sheets of shade: effects draw nothing here.
Item {
    id: root

    property string title: ""
    property var lines: null
    property string stamp: ""

    function stampNow(): void {
        seal.fall()
    }

    height: sheet.height + Theme.space(3)

    Repeater {
        model: 3

        Rectangle {
            required property int index

            x: Theme.space(1.5 + index)
            y: Theme.space(3)
            width: sheet.width - 2 * x
            height: sheet.height - y + Theme.space(0.8 * (index + 1))
            radius: Theme.radiusSmall
            color: Theme.shade
            opacity: 0.6
        }
    }

    Rectangle {
        id: sheet

        width: root.width
        height: body.height + Theme.space(root.stamp !== "" ? 20 : 13)
        color: Theme.surface
        border.width: Theme.hairline
        border.color: Theme.line

        Column {
            id: body

            x: Theme.space(8)
            y: Theme.space(6)
            width: parent.width - 2 * x
            spacing: Theme.space(2)

            Heading {
                width: parent.width
                horizontalAlignment: Text.AlignHCenter
                text: root.title
                font.pixelSize: Theme.elder ? Theme.h2 : Theme.h2 + Theme.space(1.5)
                font.letterSpacing: /[\u4e00-\u9fff]/.test(root.title) && root.title.length < 8 ? Theme.space(2) : 0
                color: Theme.sealDeep
                bottomPadding: Theme.space(2)
            }

            Repeater {
                model: root.lines

                Row {
                    id: line

                    required property string label
                    required property string value

                    width: body.width
                    spacing: Theme.space(3)

                    Label {
                        width: body.width * (Theme.elder ? 0.42 : 0.39)
                        text: line.label
                        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
                        color: Theme.ink2
                    }

                    Label {
                        width: body.width * (Theme.elder ? 0.58 : 0.61) - line.spacing
                        text: line.value
                        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4.2)
                    }
                }
            }
        }

        SealStamp {
            id: seal

            words: root.stamp
            anchors.right: parent.right
            anchors.rightMargin: Theme.space(6)
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.space(2)
        }
    }
}
