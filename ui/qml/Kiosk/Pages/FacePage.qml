pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Native
import Kiosk.Theme

// The face check: the picture as the camera sees it, one hint at a time, and the way out of it.
PageFrame {
    id: root

    property var vm: null

    title: Words.t("face.title")
    lead: Words.t("face.lead")
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: Words.t("face.other")
    rightName: "face-other"
    rightTone: "secondary"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.otherWay()

    FacePicture {
        id: picture

        objectName: "face-picture"
        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        width: Theme.landscape ? Theme.space(Theme.elder ? 54 : 80) : Theme.space(95)
        height: Theme.landscape ? Theme.space(Theme.elder ? 46 : 68) : Theme.space(Theme.elder ? 90 : 102)
        feed: root.vm
        ground: Theme.slate
        within: Theme.slateMid
        figure: Theme.slateLight
        guide: Theme.mint
        corner: Theme.radius + Theme.space(1)

        Chip {
            anchors.horizontalCenter: parent.horizontalCenter
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.space(4)
            height: implicitHeight + Theme.space(2.5)
            tone: "plain"
            text: root.vm ? root.vm.hintText : ""
        }
    }

    Label {
        width: parent ? parent.width : 0
        horizontalAlignment: Text.AlignHCenter
        text: Words.t("face.free")
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
        color: Theme.ink2
    }
}
