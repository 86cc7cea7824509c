pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The answer as it stands: fixed text, then what is being composed (underlined), then a caret that does not blink.
Rectangle {
    id: root

    property string value: ""
    property string composition: ""
    property string unit: ""
    property bool wrong: false
    property bool code: false
    // A code stands on one line. A long answer is set smaller, so that it does not push away what stands below it.
    readonly property int size: root.code ? (!Theme.landscape ? Theme.field : Theme.elder ? Theme.small : Theme.h2)
                              : root.value.length + root.composition.length > Theme.longAnswer ? Theme.body + Theme.space(0.5)
                                                                                               : Theme.field

    width: parent ? parent.width : 0
    height: Math.max(Theme.space(18), row.height + Theme.space(5))
    radius: Theme.radius
    color: Theme.surface
    border.width: Theme.stroke + 1
    border.color: root.wrong ? Theme.bad : Theme.teal
    Accessible.role: Accessible.EditableText
    Accessible.name: root.value

    Flow {
        id: row

        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(5.5)
        width: parent.width - 2 * x - (unitLabel.visible ? unitLabel.width + Theme.space(2) : 0)

        Label {
            id: fixed

            objectName: "form-text"
            visible: root.value !== ""
            width: Math.min(implicitWidth, row.width)
            text: root.value
            wrapMode: Text.WrapAnywhere
            font.pixelSize: root.size
        }

        Label {
            id: open

            visible: root.composition !== ""
            width: Math.min(implicitWidth, row.width)
            text: root.composition
            wrapMode: Text.WrapAnywhere
            font.pixelSize: root.size
            font.underline: true
            color: Theme.tealDeep
        }

        Item {
            width: Theme.space(1)
            height: root.size * 1.4

            Rectangle {
                x: Theme.space(0.5)
                anchors.verticalCenter: parent.verticalCenter
                width: Theme.space(0.5)
                height: root.size
                color: Theme.teal
            }
        }
    }

    Label {
        id: unitLabel

        visible: root.unit !== ""
        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Theme.space(5.5)
        text: root.unit
        wrapMode: Text.NoWrap
        font.pixelSize: Theme.h2
        color: Theme.ink2
    }
}
