pragma ComponentBehavior: Bound

import QtQuick

// A state as a shape: a tick, an exclamation mark, a cross, a question mark. Never the colour alone.
Rectangle {
    id: root

    property string tone: "plain"
    readonly property bool square: root.tone === "broken"
    readonly property real unit: root.width / 22

    visible: root.tone !== "plain"
    width: Works.tone
    height: width
    radius: root.square ? Works.radiusSmall : width / 2
    color: Works.edgeOf(root.tone)

    Repeater {
        model: root.tone === "ok" ? [[5.5, 11.6, 6, 45], [8.4, 10, 10, -50]]
             : root.tone === "broken" ? [[4.5, 9.7, 13, 45], [4.5, 9.7, 13, -45]] : []

        Rectangle {
            required property var modelData

            x: modelData[0] * root.unit
            y: modelData[1] * root.unit
            width: modelData[2] * root.unit
            height: root.unit * 2.6
            rotation: modelData[3]
            radius: height / 2
            antialiasing: true
            color: Works.pale
        }
    }

    WorkText {
        anchors.centerIn: parent
        visible: text !== ""
        text: root.tone === "attention" ? "!" : root.tone === "unknown" ? "?" : ""
        font.pixelSize: Works.small
        font.bold: true
        color: Works.pale
        Accessible.ignored: true
    }
}
