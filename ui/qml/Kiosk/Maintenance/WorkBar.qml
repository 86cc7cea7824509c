pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// The dark bar: that this is maintenance, of which machine, by whom, how long still; the other language, and the end.
Rectangle {
    id: root

    property var vm: null
    readonly property bool there: root.vm ? root.vm.there : false
    readonly property string lockText: root.vm ? root.vm.lockText : ""

    height: Math.max(Works.bar, told.height + Works.space(2))
    color: Works.slate

    Rectangle {
        id: mark

        anchors.verticalCenter: parent.verticalCenter
        x: Works.gutter - Works.space(Works.wide ? 0 : 4)
        width: Works.mark
        height: width
        radius: Works.radius
        color: Works.amber

        WorkText {
            anchors.centerIn: parent
            text: "维"
            font.family: Theme.serif
            font.pixelSize: Works.instruction
            font.bold: true
            color: Works.pale
            Accessible.ignored: true
        }
    }

    Column {
        id: told

        anchors.verticalCenter: parent.verticalCenter
        anchors.left: mark.right
        anchors.leftMargin: Works.space(2)
        anchors.right: choices.left
        anchors.rightMargin: Works.space(2)

        Row {
            spacing: Works.space(2)

            WorkText {
                id: title

                text: Words.t("maint.window.title")
                wrapMode: Text.NoWrap
                font.pixelSize: Works.body
                font.bold: true
                color: Works.pale
            }

            Rectangle {
                anchors.verticalCenter: title.verticalCenter
                visible: root.there && root.vm.test
                width: badge.implicitWidth + Works.space(3)
                height: badge.implicitHeight
                radius: Works.radiusSmall
                color: Works.amber

                WorkText {
                    id: badge

                    anchors.centerIn: parent
                    text: Words.t("maint.window.test")
                    wrapMode: Text.NoWrap
                    font.pixelSize: Works.small
                    font.bold: true
                    color: Works.slate
                }
            }

            WorkText {
                anchors.baseline: title.baseline
                visible: text !== ""
                text: root.there ? root.vm.endText : ""
                wrapMode: Text.NoWrap
                font.pixelSize: Works.small
                color: Works.paleDim
            }
        }

        WorkText {
            width: parent.width
            visible: text !== ""
            text: root.lockText !== "" ? root.lockText
                : !root.there ? "" : [root.vm.terminal, root.vm.who, root.vm.closed ? Words.t("maint.window.closed") : Words.t("maint.window.open")]
                                     .filter(part => part !== "").join(" · ")
            font.pixelSize: Works.small
            maximumLineCount: Works.wide ? 1 : 2
            color: root.lockText !== "" ? Works.amber : Works.paleDim
        }
    }

    Row {
        id: choices

        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Works.gutter - Works.space(Works.wide ? 0 : 4)
        spacing: Works.space(2)

        Repeater {
            model: ["language", "leave"]

            Touchable {
                id: pill

                required property string modelData

                objectName: "maint-" + pill.modelData
                label: pill.modelData === "leave" ? Words.t("maint.window.leave") : Words.t("maint.window.language")
                width: Math.max(Works.least, caption.implicitWidth + Works.space(5))
                height: Works.least
                onTapped: {
                    if (pill.modelData === "leave")
                        root.vm.leave()
                    else
                        root.vm.toggleLanguage()
                }

                Rectangle {
                    anchors.centerIn: parent
                    width: parent.width
                    height: Works.pill
                    radius: height / 2
                    color: pill.down ? Works.slateDown : Works.slate
                    border.width: Works.hairline
                    border.color: Works.slateLine
                }

                WorkText {
                    id: caption

                    anchors.centerIn: parent
                    text: pill.label
                    wrapMode: Text.NoWrap
                    font.pixelSize: Works.small
                    color: Works.pale
                    Accessible.ignored: true
                }
            }
        }
    }
}
