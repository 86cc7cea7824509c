pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A page that may be longer than the screen: what is below is announced by a bar as wide as the page (on a landscape
// screen by a column beside it), which goes there.
Item {
    id: root

    default property alias content: slot.data
    property string begins: "" // another value of it begins at the top
    property string suffix: ""
    property int gap: Works.space(3)
    readonly property bool longer: slot.height > root.height
    readonly property bool ended: area.contentY >= area.contentHeight - area.height - Works.space(2)

    function onward(): void {
        area.cancelFlick()
        area.contentY = root.ended ? 0 : Math.min(area.contentHeight - area.height, area.contentY + area.height - Works.row)
    }

    function toTop(): void {
        area.cancelFlick()
        area.contentY = 0
    }

    onBeginsChanged: root.toTop()

    Flickable {
        id: area

        width: parent.width
        height: parent.height - (more.visible && !Works.wide ? more.height + Works.space(2) : 0)
        contentWidth: width
        contentHeight: slot.height
        clip: true
        interactive: root.longer
        boundsBehavior: Flickable.StopAtBounds
        onContentHeightChanged: if (contentY > Math.max(0, contentHeight - height)) contentY = Math.max(0, contentHeight - height)

        Column {
            id: slot

            width: area.width - (!root.longer ? 0 : Works.wide ? more.width + Works.space(3) : Works.space(4))
            spacing: root.gap
        }
    }

    // Where one is, as wide as a thumb sees it.
    Rectangle {
        visible: root.longer
        x: Works.wide ? more.x + (more.width - width) / 2 : root.width - width
        width: Works.space(1.5)
        height: Works.wide ? more.y - Works.space(2) : area.height
        radius: width / 2
        color: Works.line

        Rectangle {
            y: area.contentHeight > 0 ? parent.height * area.contentY / area.contentHeight : 0
            width: parent.width
            height: area.contentHeight > 0 ? parent.height * Math.min(1, area.height / area.contentHeight) : 0
            radius: width / 2
            color: Works.ink2
        }
    }

    Touchable {
        id: more

        objectName: "maint-more" + root.suffix
        visible: root.longer
        anchors.bottom: parent.bottom
        anchors.right: parent.right
        width: Works.wide ? Works.space(18) : parent.width
        height: Works.wide ? Works.space(24) : Works.least
        label: root.ended ? Words.t("maint.window.top") : Words.t("maint.window.more")
        onTapped: root.onward()

        Rectangle {
            anchors.fill: parent
            radius: Works.radius
            color: more.down ? Works.line : Works.sheetDown
        }

        WorkText {
            anchors.centerIn: parent
            width: parent.width - Works.space(2)
            horizontalAlignment: Text.AlignHCenter
            text: (root.ended ? "▲" : "▼") + (Works.wide ? "\n" : "  ") + more.label
            font.pixelSize: Works.detail
            font.bold: true
            color: Works.ink2
            Accessible.ignored: true
        }
    }
}
