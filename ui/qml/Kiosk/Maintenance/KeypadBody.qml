pragma ComponentBehavior: Bound

import QtQuick

// The keys of a keypad in the cabinet, each lit when it was pressed. They are pressed there, not here.
WorkScroll {
    id: root

    property var vm: null
    readonly property int columns: 3

    begins: root.vm ? root.vm.path : ""

    WorkTop {
        width: parent.width
        vm: root.vm
    }

    Grid {
        id: keys

        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        width: Math.min(parent.width, Works.panel)
        columns: root.columns
        spacing: Works.space(2.5)

        Repeater {
            model: root.vm ? root.vm.entries : null

            Rectangle {
                id: cap

                required property string key
                required property string title
                required property string detail
                required property string tone

                objectName: "maint-row-" + cap.key
                width: Math.floor((keys.width - (root.columns - 1) * keys.spacing) / root.columns)
                height: Works.row
                radius: Works.radius
                color: Works.softOf(cap.tone)
                border.width: cap.tone === "plain" ? Works.hairline : Works.stroke
                border.color: Works.edgeOf(cap.tone)
                Accessible.role: Accessible.ListItem
                Accessible.name: cap.title + (cap.detail !== "" ? "，" + cap.detail : "")

                WorkText {
                    anchors.centerIn: parent
                    text: cap.title
                    font.pixelSize: Works.instruction
                    font.bold: true
                    Accessible.ignored: true
                }

                ToneMark {
                    anchors.right: parent.right
                    anchors.top: parent.top
                    anchors.margins: Works.space(1.5)
                    tone: cap.tone
                }
            }
        }
    }
}
