pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// A word of state: never a colour alone.
Rectangle {
    id: root

    property string text: ""
    property string tone: "teal"

    implicitWidth: caption.implicitWidth + Theme.space(5)
    implicitHeight: caption.implicitHeight + Theme.space(1)
    width: implicitWidth
    height: implicitHeight
    radius: height / 2
    color: Theme.ground(root.tone)

    Label {
        id: caption

        anchors.centerIn: parent
        text: root.text
        font.pixelSize: Theme.small
        wrapMode: Text.NoWrap
        color: Theme.text(root.tone)
    }
}
