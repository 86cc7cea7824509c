pragma ComponentBehavior: Bound

import QtQuick

// Rows one under another; many of them in two columns on a landscape screen. A section's heading takes the whole width.
Flow {
    id: root

    property var rows: null
    property var vm: null
    property bool abreast: true // whether there is room for two
    readonly property bool two: root.abreast && Works.wide && list.count > 4
    readonly property real half: root.two ? Math.floor((root.width - root.spacing) / 2) : root.width

    spacing: Works.space(2.5)

    Repeater {
        id: list

        model: root.rows

        Item {
            id: line

            required property string key
            required property bool section
            required property string title
            required property string detail
            required property string tone
            required property string picture
            required property string text
            required property string weight
            required property bool usable
            required property string why

            width: line.section ? root.width : root.half
            height: line.section ? heading.height + Works.space(2) : row.height

            WorkText {
                id: heading

                anchors.bottom: parent.bottom
                width: parent.width
                visible: line.section
                text: line.title
                font.pixelSize: Works.detail
                font.bold: true
                color: Works.ink2
                Accessible.role: Accessible.Heading
            }

            WorkRow {
                id: row

                visible: !line.section
                width: parent.width
                key: line.key
                title: line.title
                detail: line.detail
                tone: line.tone
                picture: line.picture
                text: line.text
                weight: line.weight
                usable: line.usable
                why: line.why
                barred: root.vm ? root.vm.busy !== "" : false
                onTapped: if (row.leads) root.vm.pressRow(row.key)
            }
        }
    }
}
