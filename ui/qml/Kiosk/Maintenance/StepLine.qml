pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Which step of how many.
Row {
    id: root

    property var vm: null

    visible: root.vm ? root.vm.step > 0 : false
    spacing: Works.space(2.5)

    Rectangle {
        id: disc

        width: Works.disc
        height: width
        radius: width / 2
        color: Works.slate

        WorkText {
            anchors.centerIn: parent
            text: root.vm ? root.vm.step : ""
            font.pixelSize: Works.title
            font.bold: true
            color: Works.pale
            Accessible.ignored: true
        }
    }

    WorkText {
        anchors.verticalCenter: disc.verticalCenter
        text: root.vm && root.vm.step > 0 ? Words.t("maint.window.step", root.vm.step, root.vm.steps) : ""
        font.pixelSize: Works.name
        color: Works.ink2
    }
}
