pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// It is saved: said first. Then the true progress of its receipt, which can be printed again.
PageFrame {
    id: root

    property var vm: null
    readonly property bool printing: root.vm ? root.vm.printing : false

    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.lead : ""
    rightText: root.printing ? Words.t("outcome.printing") : Words.t("handed.done")
    rightEnabled: !root.printing
    otherText: root.vm && root.vm.again ? Words.t("handed.again") : ""
    otherName: "handed-again"
    gap: Theme.space(3)
    onOtherTapped: root.vm.printAgain()
    onRightTapped: root.vm.done()

    Card {
        padding: Theme.space(4.5)
        gap: Theme.space(1)

        Label {
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.name : ""
            font.bold: true
        }

        Label {
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.number : ""
            font.pixelSize: Theme.small
            color: Theme.ink2
        }
    }

    Card {
        PrintLine {
            width: parent ? parent.width : 0
            title: root.vm ? root.vm.text : ""
            detail: root.vm ? root.vm.note : ""
            state_: root.vm ? root.vm.stage : ""
            done: root.vm ? root.vm.pagesDone : 0
            total: root.vm ? root.vm.pagesTotal : 0
        }
    }

    Label {
        visible: root.vm ? root.vm.again : false
        width: parent ? parent.width : 0
        text: Words.t("handed.safe")
        color: Theme.ink2
    }
}
