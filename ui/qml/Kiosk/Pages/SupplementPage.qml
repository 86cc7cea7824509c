pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// The papers that the office asks for: each is scanned, then all are signed off and handed in together.
PageFrame {
    id: root

    property var vm: null
    readonly property bool desk: root.vm ? root.vm.desk : true

    title: Words.t("supplement.title")
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: Words.t("supplement.sign")
    rightEnabled: root.vm ? root.vm.complete : false
    note: root.vm ? root.vm.note : ""
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.next()

    Card {
        visible: root.vm ? root.vm.problemText !== "" || !root.desk : false
        color: Theme.badSoft
        border.color: Theme.bad
        padding: Theme.space(4)

        Label {
            width: parent ? parent.width : 0
            text: !root.vm ? "" : root.vm.problemText !== "" ? root.vm.problemText : Words.t("supplement.desk")
            color: Theme.bad
        }
    }

    Repeater {
        model: root.vm ? root.vm.lines : null

        ChoiceCard {
            required property int place
            required property bool taken

            required title
            required detail

            objectName: "lack-" + place
            width: root.contentWidth
            tick: true
            chosen: taken
            arrow: true
            enabled: root.desk
            onTapped: root.vm.scan(place)
        }
    }

    Label {
        visible: root.vm ? !root.vm.online : false
        width: parent ? parent.width : 0
        text: Words.t("supplement.offline")
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
        color: Theme.ink2
    }
}
