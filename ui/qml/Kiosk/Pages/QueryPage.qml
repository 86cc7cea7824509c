pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A department's register is asked. While it is, there is only the way back; without an answer: why, where to go, and
// once more.
PageFrame {
    id: root

    property var vm: null
    readonly property bool failed: root.vm ? root.vm.failed : false

    eyebrow: root.vm ? root.vm.name : ""
    title: root.vm ? root.vm.heading : ""
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    otherText: Words.t("query.back")
    otherName: "nav-back"
    rightText: root.failed ? Words.t("query.again") : ""
    rightName: "query-again"
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onOtherTapped: root.vm.back()
    onRightTapped: root.vm.again()

    Card {
        visible: root.failed
        padding: Theme.space(4.5)
        gap: Theme.space(2)

        Label {
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.elsewhere : ""
        }

        Label {
            width: parent ? parent.width : 0
            text: Words.t("query.nothing_kept")
            color: Theme.ink2
        }
    }
}
