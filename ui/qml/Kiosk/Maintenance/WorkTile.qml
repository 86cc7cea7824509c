pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A place of the menu with how it is in there. One that the role may not open says so.
Touchable {
    id: root

    property string path: ""
    property string text: ""
    property string tone: "plain"
    property bool allowed: true
    property bool here: false

    objectName: "maint-tile-" + root.path.replace(/\//g, "-")
    label: root.allowed ? root.text : root.text + "，" + Words.t("maint.window.barred")
    enabled: root.allowed
    height: Math.max(Works.row, words.height + Works.space(4))

    Rectangle {
        anchors.fill: parent
        radius: Works.radius
        color: !root.allowed ? Works.sheetOff : root.down ? Works.sheetDown : Works.sheet
        border.width: root.here ? Works.stroke + Works.hairline : Works.hairline
        border.color: root.here ? Works.amber : Works.line
    }

    ToneMark {
        id: mark

        anchors.verticalCenter: parent.verticalCenter
        x: Works.space(3)
        visible: root.allowed && tone !== "plain"
        tone: root.tone
    }

    Column {
        id: words

        anchors.verticalCenter: parent.verticalCenter
        x: mark.visible ? mark.x + mark.width + Works.space(2) : Works.space(3.5)
        width: parent.width - x - Works.space(2)

        WorkText {
            width: parent.width
            text: root.text
            font.pixelSize: Works.body
            font.bold: true
            color: root.allowed ? Works.ink : Works.inkOff
            Accessible.ignored: true
        }

        WorkText {
            width: parent.width
            visible: !root.allowed
            text: Words.t("maint.window.barred")
            font.pixelSize: Works.small
            color: Works.inkOff
            Accessible.ignored: true
        }
    }
}
