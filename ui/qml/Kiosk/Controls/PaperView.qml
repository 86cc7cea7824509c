pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The paper itself on the screen, with the mark of its result (square: a round one is an office's seal, which the paper
// does not bear). The shadow is three sheets of shade: effects draw nothing here.
Item {
    id: root

    property string title: ""
    property var lines: null
    property string stamp: ""
    property bool unsealed: false // valid once the office's seal is on it
    property bool sample: false // printed by a test machine
    readonly property bool cornered: seal.visible || root.sample
    // As narrow as its longest word allows, so that a number stands on one line.
    readonly property real column: {
        let widest = body.width * 0.2
        for (let index = 0; index < entries.count; index += 1) {
            const entry = entries.itemAt(index)
            widest = Math.max(widest, entry ? entry.labelWidth : 0) // qmllint disable missing-property
        }
        return Math.ceil(Math.min(widest, body.width * (Theme.elder ? 0.34 : 0.39)))
    }

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
        height: body.height + Theme.space(13)
        color: Theme.surface
        border.width: Theme.hairline
        border.color: Theme.line

        Column {
            id: body

            x: Theme.space(Theme.elder ? 5 : 8)
            y: Theme.space(6)
            width: parent.width - 2 * x
            spacing: Theme.space(Theme.landscape && !Theme.elder ? 1.5 : 2)

            // The seal stands in the corner beside the title: it hides nothing that is written.
            Heading {
                width: parent.width - 2 * (root.cornered ? seal.width - Theme.space(3) : 0)
                height: Math.max(implicitHeight, root.cornered ? seal.y + seal.height - body.y : 0)
                anchors.horizontalCenter: parent.horizontalCenter
                horizontalAlignment: Text.AlignHCenter
                verticalAlignment: root.cornered ? Text.AlignVCenter : Text.AlignTop
                text: root.title
                font.pixelSize: Theme.elder ? Theme.h2 : Theme.h2 + Theme.space(1.5)
                font.letterSpacing: /[\u4e00-\u9fff]/.test(root.title) && root.title.length < 8 ? Theme.space(2) : 0
                color: Theme.sealDeep
                bottomPadding: Theme.space(2)
            }

            Repeater {
                id: entries

                model: root.lines

                Row {
                    id: line

                    required property string label
                    required property string value
                    readonly property real labelWidth: label_.implicitWidth

                    width: body.width
                    spacing: Theme.space(3)

                    Label {
                        id: label_

                        width: root.column
                        text: line.label
                        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
                        color: Theme.ink2
                    }

                    Label {
                        width: body.width - root.column - line.spacing
                        text: line.value
                        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4.2)
                    }
                }
            }

            Label {
                visible: root.unsealed
                width: parent.width
                horizontalAlignment: Text.AlignRight
                text: Words.t("paper.unsealed")
                font.pixelSize: Theme.small
                color: Theme.ink2
            }
        }

        // In the other corner: a sample is told as one.
        Label {
            visible: root.sample
            x: Theme.space(3)
            y: seal.y
            width: body.x + seal.width - 2 * x
            height: seal.height
            verticalAlignment: Text.AlignVCenter
            text: Words.t("paper.sample")
            font.pixelSize: Theme.elder ? Theme.small : Theme.space(4.2)
            font.bold: true
            color: Theme.warn
        }

        SealStamp {
            id: seal

            words: root.stamp
            anchors.right: parent.right
            anchors.rightMargin: Theme.space(3)
            y: Theme.space(2.5)
            side: Theme.space(Theme.elder ? 24 : 21)
        }
    }
}
