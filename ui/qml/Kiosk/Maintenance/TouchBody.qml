pragma ComponentBehavior: Bound

import QtQuick

// The whole screen as fields, to its edges and corners: each that a finger comes to is marked and told, once.
Rectangle {
    id: root

    property var vm: null
    readonly property var shape: (root.vm ? root.vm.show : "").split("x").map(part => parseInt(part))
    readonly property int rows: root.shape.length === 2 && root.shape[0] > 0 ? root.shape[0] : 1
    readonly property int columns: root.shape.length === 2 && root.shape[1] > 0 ? root.shape[1] : 1
    property var marked: ({})
    property var trail: []
    readonly property int longest: 60

    color: Works.ground
    onShapeChanged: {
        root.marked = {}
        root.trail = []
    }

    function come(x: real, y: real): void {
        const column = Math.min(root.columns - 1, Math.max(0, Math.floor(x * root.columns / root.width)))
        const row = Math.min(root.rows - 1, Math.max(0, Math.floor(y * root.rows / root.height)))
        root.trail = root.trail.concat([Qt.point(x, y)]).slice(-root.longest)
        const field = row * root.columns + column
        if (root.marked[field])
            return
        const marked = Object.assign({}, root.marked)
        marked[field] = true
        root.marked = marked
        root.vm.touched(row, column)
    }

    Grid {
        anchors.fill: parent
        columns: root.columns

        Repeater {
            model: root.rows * root.columns

            Rectangle {
                required property int index
                readonly property bool done: root.marked[index] === true

                width: root.width / root.columns
                height: root.height / root.rows
                color: done ? Works.okSoft : Works.sheet
                border.width: Works.hairline
                border.color: done ? Works.ok : Works.line
            }
        }
    }

    Repeater {
        model: root.trail

        Rectangle {
            required property var modelData

            x: modelData.x - width / 2
            y: modelData.y - height / 2
            width: Works.trace
            height: width
            radius: width / 2
            opacity: 0.5
            color: Works.amber
        }
    }

    Rectangle {
        anchors.centerIn: parent
        width: Math.min(parent.width * 0.7, Works.panel)
        height: middle.height + Works.space(6)
        radius: Works.radius
        color: Works.sheet
        border.width: Works.hairline
        border.color: Works.line

        Column {
            id: middle

            anchors.centerIn: parent
            width: parent.width - Works.space(6)
            spacing: Works.space(3)

            WorkText {
                width: parent.width
                horizontalAlignment: Text.AlignHCenter
                text: root.vm ? root.vm.heading : ""
                font.pixelSize: Works.name
                font.bold: true
                Accessible.role: Accessible.Heading
            }

            WorkText {
                width: parent.width
                visible: text !== ""
                horizontalAlignment: Text.AlignHCenter
                text: root.vm ? root.vm.lead : ""
                font.pixelSize: Works.detail
                color: Works.ink2
            }

            Repeater {
                model: root.vm ? root.vm.buttons : null

                WorkButton {
                    id: action

                    required property int index
                    required property string name
                    required property bool usable
                    required text
                    required why
                    required weight

                    objectName: "maint-act-" + action.name
                    width: parent ? parent.width : 0
                    size: Works.buttonBehind
                    least: Works.least
                    enabled: action.usable
                    onTapped: root.vm.press(action.index)
                }
            }
        }
    }

    PointHandler {
        id: finger

        onActiveChanged: if (active) root.come(point.position.x, point.position.y)
        onPointChanged: if (active) root.come(point.position.x, point.position.y)
    }
}
