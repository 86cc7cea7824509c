pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// One plain colour over the whole screen: dead points, stains and stripes show. A touch anywhere shows the next.
Touchable {
    id: root

    property var vm: null
    readonly property string colour: root.vm ? root.vm.show : ""

    objectName: "maint-colours"
    label: root.vm ? root.vm.heading : ""
    onTapped: root.vm.next()

    Rectangle {
        anchors.fill: parent
        color: Works.plainOf(root.colour)
    }

    WorkText {
        anchors.horizontalCenter: parent.horizontalCenter
        anchors.bottom: parent.bottom
        anchors.bottomMargin: Works.space(4)
        text: Words.t("maint.window.next_colour")
        font.pixelSize: Works.small
        color: Works.inkOn(root.colour)
        Accessible.ignored: true
    }
}
