pragma ComponentBehavior: Bound

import QtQuick

// How the last act ended.
Rectangle {
    id: root

    property string text: ""
    property string tone: "plain"

    visible: root.text !== ""
    height: Math.max(Works.pill, words.height + Works.space(3))
    radius: Works.radius
    color: Works.softOf(root.tone)
    border.width: Works.hairline
    border.color: Works.edgeOf(root.tone)

    ToneMark {
        id: mark

        anchors.verticalCenter: parent.verticalCenter
        x: Works.space(3)
        tone: root.tone
    }

    WorkText {
        id: words

        anchors.verticalCenter: parent.verticalCenter
        x: mark.visible ? mark.x + mark.width + Works.space(2) : Works.space(3)
        width: parent.width - x - Works.space(3)
        text: root.text
        Accessible.role: Accessible.AlertMessage
    }
}
