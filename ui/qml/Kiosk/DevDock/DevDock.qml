pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The panel of the demonstration. Small and dark: nobody can take it for the citizen's screen. What was done last
// stands at the foot, so that it is seen wherever the list is.
Rectangle {
    id: root

    required property var dock
    readonly property int text: Theme.space(1.9)

    color: Theme.ink

    component Small: Rectangle {
        id: button

        property string text: ""

        signal tapped

        width: caption.implicitWidth + Theme.space(2.4)
        height: Theme.space(4.2)
        radius: Theme.space(1)
        color: touch.pressed ? Theme.tealDeep : Theme.slateMid

        Text {
            id: caption

            anchors.centerIn: parent
            text: button.text
            textFormat: Text.PlainText
            font.family: Theme.sans
            font.pixelSize: root.text
            color: Theme.onDark
        }

        TapHandler {
            id: touch

            gesturePolicy: TapHandler.ReleaseWithinBounds
            onTapped: button.tapped()
        }
    }

    component Line: Text {
        textFormat: Text.PlainText
        wrapMode: Text.Wrap
        font.family: Theme.sans
        font.pixelSize: root.text
        color: Theme.cardInk
    }

    // A device: its name on the left, what can be done with it on the right.
    component Device: Item {
        id: device

        required property string name
        default property alias content: deeds.data

        width: parent ? parent.width : 0
        height: Math.max(label.height, deeds.height)

        Line {
            id: label

            y: Theme.space(0.7)
            width: Theme.space(12)
            text: device.name
        }

        Flow {
            id: deeds

            x: label.width + Theme.space(1)
            width: parent.width - x
            spacing: Theme.space(0.8)
        }
    }

    Flickable {
        id: list

        anchors.top: parent.top
        anchors.bottom: foot.top
        anchors.left: parent.left
        anchors.right: parent.right
        anchors.margins: Theme.space(2)
        contentHeight: column.height
        clip: true

        Column {
            id: column

            width: parent.width
            spacing: Theme.space(2.4)

            Item {
                width: parent.width
                height: tongue.height

                Line {
                    anchors.verticalCenter: parent.verticalCenter
                    text: "DevDock"
                    font.bold: true
                    color: Theme.onDark
                }

                Small {
                    id: tongue

                    objectName: "dock-language"
                    anchors.right: parent.right
                    text: root.dock.languageWord
                    onTapped: root.dock.switchLanguage()
                }
            }

            Repeater {
                model: root.dock.groups

                Column {
                    id: group

                    required property var modelData

                    width: column.width
                    spacing: Theme.space(1)

                    Line {
                        width: parent.width
                        text: group.modelData.name
                        font.bold: true
                        color: Theme.mint
                    }

                    Rectangle {
                        width: parent.width
                        height: Theme.hairline
                        color: Theme.slateMid
                    }

                    Repeater {
                        model: group.modelData.devices

                        Device {
                            id: one

                            required property var modelData

                            name: one.modelData.name

                            Repeater {
                                model: one.modelData.actions

                                Small {
                                    required property var modelData

                                    objectName: (one.modelData.device === "id_reader" ? "dock-"
                                                 : "dock-" + one.modelData.device + "-") + modelData.action
                                    text: modelData.name
                                    onTapped: root.dock.act(one.modelData.device, modelData.action)
                                }
                            }
                        }
                    }
                }
            }

            Device {
                name: root.dock.staffWord

                Small {
                    objectName: "dock-staff-code"
                    text: root.dock.codeWord
                    onTapped: root.dock.act("staff", "")
                }
            }

            Column {
                width: parent.width
                spacing: Theme.space(1)

                Line {
                    width: parent.width
                    text: root.dock.statesWord
                    font.bold: true
                    color: Theme.mint
                }

                Line {
                    width: parent.width
                    font.pixelSize: Theme.space(1.6)
                    text: root.dock.states
                }
            }
        }
    }

    Rectangle {
        id: foot

        anchors.left: parent.left
        anchors.right: parent.right
        anchors.bottom: parent.bottom
        height: said.text === "" ? 0 : said.height + Theme.space(2.4)
        color: Theme.slateMid

        Line {
            id: said

            anchors.verticalCenter: parent.verticalCenter
            x: Theme.space(2)
            width: parent.width - 2 * x
            maximumLineCount: 3
            elide: Text.ElideRight
            text: root.dock.said
            color: Theme.onDark
        }
    }
}
