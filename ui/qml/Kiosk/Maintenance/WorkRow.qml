pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls

// A white row with a coloured edge: what it is, how it is, and where a touch anywhere on it leads.
Touchable {
    id: root

    property string title: ""
    property string detail: ""
    property string tone: "plain"
    property string picture: ""
    property string text: "" // of the button
    property string why: ""
    property string weight: "plain"
    property bool usable: false
    property bool barred: false // something is under way
    property string key: ""
    readonly property bool leads: root.text !== ""

    objectName: "maint-row-" + root.key
    role: root.leads ? Accessible.Button : Accessible.ListItem
    label: [root.title, root.detail, root.text, root.why].filter(part => part !== "").join("，")
    enabled: !root.leads || (root.usable && !root.barred)
    height: Math.max(Works.row, words.height + Works.space(5), act.height + Works.space(4))

    Rectangle {
        anchors.fill: parent
        radius: Works.radius
        color: Works.edgeOf(root.tone)
    }

    Rectangle {
        anchors.fill: parent
        anchors.leftMargin: Works.edge
        radius: Works.radius
        color: root.leads && root.down ? Works.sheetDown : Works.sheet
    }

    CabinetPicture {
        id: place

        anchors.verticalCenter: parent.verticalCenter
        x: Works.edge + Works.space(3)
        visible: root.picture !== ""
        width: Works.thumb
        place: root.picture
    }

    Column {
        id: words

        anchors.verticalCenter: parent.verticalCenter
        x: place.visible ? place.x + place.width + Works.space(3) : Works.edge + Works.space(4)
        width: root.width - x - Works.space(3) - (root.leads ? act.width + Works.space(3) : 0)
               - (mark.visible && !root.leads ? mark.width + Works.space(3) : 0)
        spacing: Works.space(0.5)

        Row {
            width: parent.width
            spacing: Works.space(2)

            WorkText {
                id: name

                width: Math.min(implicitWidth, parent.width - (inline.visible ? inline.width + Works.space(2) : 0))
                text: root.title
                font.pixelSize: Works.name
                font.bold: true
            }

            ToneMark {
                id: inline

                anchors.verticalCenter: parent.verticalCenter
                visible: root.leads && tone !== "plain"
                tone: root.tone
            }
        }

        WorkText {
            width: parent.width
            visible: text !== ""
            text: root.detail
            font.pixelSize: Works.detail
            color: Works.ink2
        }
    }

    ToneMark {
        id: mark

        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Works.space(3)
        visible: !root.leads && tone !== "plain"
        tone: root.tone
    }

    Column {
        id: act

        objectName: root.leads ? "maint-row-" + root.key + "-act" : ""
        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Works.space(3.5)
        visible: root.leads
        width: Math.min(root.width * 0.42, Math.max(caption.implicitWidth, reason.implicitWidth))

        WorkText {
            id: caption

            width: parent.width
            horizontalAlignment: Text.AlignRight
            text: root.text !== "" ? root.text + (root.usable ? " ›" : "") : ""
            font.pixelSize: Works.body
            font.bold: true
            color: !root.usable ? Works.inkOff : root.weight === "danger" ? Works.bad : Works.act
            Accessible.ignored: true
        }

        WorkText {
            id: reason

            width: parent.width
            horizontalAlignment: Text.AlignRight
            visible: root.why !== ""
            text: root.why
            font.pixelSize: Works.small
            color: Works.inkOff
            Accessible.ignored: true
        }
    }
}
