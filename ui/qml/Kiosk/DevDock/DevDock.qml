pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The panel of the demonstration. Small and dark: nobody can take it for the citizen's screen.
Rectangle {
    id: root

    required property var dock

    color: Theme.ink

    component Small: Rectangle {
        id: button

        property string text: ""

        signal tapped

        width: caption.implicitWidth + Theme.space(3)
        height: Theme.space(5)
        radius: Theme.space(1)
        color: touch.pressed ? Theme.tealDeep : Theme.slateMid

        Text {
            id: caption

            anchors.centerIn: parent
            text: button.text
            textFormat: Text.PlainText
            font.family: Theme.sans
            font.pixelSize: Theme.space(2)
            color: Theme.onDark
        }

        TapHandler {
            id: touch

            gesturePolicy: TapHandler.ReleaseWithinBounds
            onTapped: button.tapped()
        }
    }

    component Title: Text {
        textFormat: Text.PlainText
        font.family: Theme.sans
        font.pixelSize: Theme.space(2)
        color: Theme.mint
    }

    Flickable {
        anchors.fill: parent
        anchors.margins: Theme.space(2)
        contentHeight: column.height

        Column {
            id: column

            width: parent.width
            spacing: Theme.space(1)

            Title {
                text: "放一张证"
            }

            Flow {
                width: parent.width
                spacing: Theme.space(1)

                Repeater {
                    model: root.dock.cards

                    Small {
                        required property var modelData

                        objectName: "dock-card-" + modelData.role
                        text: modelData.name
                        onTapped: root.dock.put(modelData.role)
                    }
                }

                Small {
                    objectName: "dock-card-take"
                    text: "拿走"
                    onTapped: root.dock.act("id_reader", "take")
                }
            }

            Repeater {
                model: root.dock.devices

                Column {
                    id: device

                    required property var modelData

                    width: column.width
                    spacing: Theme.space(1)
                    topPadding: Theme.space(1)

                    Title {
                        text: device.modelData.name
                    }

                    Flow {
                        width: parent.width
                        spacing: Theme.space(1)

                        Repeater {
                            model: device.modelData.actions

                            Small {
                                required property var modelData

                                objectName: "dock-" + device.modelData.device + "-" + modelData.action
                                text: modelData.name
                                onTapped: root.dock.act(device.modelData.device, modelData.action)
                            }
                        }
                    }
                }
            }

            Title {
                text: "工作人员"
                topPadding: Theme.space(1)
            }

            Small {
                objectName: "dock-staff-code"
                text: "取一个口令"
                onTapped: root.dock.act("staff", "")
            }

            Title {
                width: parent.width
                topPadding: Theme.space(2)
                wrapMode: Text.Wrap
                color: Theme.onDark
                text: root.dock.said
            }

            Title {
                width: parent.width
                wrapMode: Text.Wrap
                color: Theme.cardInk
                font.pixelSize: Theme.space(1.6)
                text: root.dock.states
            }
        }
    }
}
