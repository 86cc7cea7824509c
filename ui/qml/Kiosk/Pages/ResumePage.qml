pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A matter that was begun at an earlier visit: go on with it, or have it erased. Going back leaves it kept.
PageFrame {
    id: root

    property var vm: null

    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: Words.t("resume.go")
    sunk: true
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.go()

    Card {
        padding: Theme.space(4.5)
        gap: Theme.space(2)

        Label {
            width: parent ? parent.width : 0
            text: Words.t("resume.anew")
        }

        Label {
            visible: text !== ""
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.until : ""
            font.pixelSize: Theme.small
            color: Theme.ink2
        }
    }

    ChoiceCard {
        objectName: "resume-erase"
        width: root.contentWidth
        title: Words.t("resume.erase")
        detail: Words.t("resume.erase.detail")
        onTapped: root.vm.erase()
    }
}
