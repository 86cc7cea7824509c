pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Without the face: a member of staff compares, or somebody compares later. Never a dead end.
PageFrame {
    id: root

    property var vm: null
    readonly property bool staff: root.vm ? root.vm.way === "staff" : false

    title: root.staff ? Words.t("way.staff.title") : Words.t("way.title")
    lead: root.staff ? Words.t("way.staff.lead") : root.vm ? root.vm.reasonText : ""
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: root.vm && root.vm.none ? Words.t("nav.help") : ""
    rightName: "way-help"
    rightTone: "secondary"
    hasInput: root.staff
    sunk: !root.staff
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.help()

    Repeater {
        model: root.vm && !root.staff ? root.vm.ways : null

        ChoiceCard {
            required property string way
            required property bool first

            objectName: "way-" + way
            width: root.contentWidth
            title: Words.t("way." + way)
            detail: Words.t("way." + way + ".detail")
            best: first
            arrow: true
            onTapped: root.vm.choose(way)
        }
    }

    TextEntry {
        visible: root.staff
        value: root.vm ? root.vm.dots : ""
        wrong: root.vm ? root.vm.problemText !== "" : false
    }

    Label {
        visible: root.staff && text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: Theme.bad
    }

    input: NumberPad {
        visible: root.staff
        width: parent ? parent.width : 0
        confirms: true
        acceptable: root.vm ? root.vm.codeReady : false
        onPressed: digit => root.vm.press(digit)
        onErased: root.vm.erase()
        onAccepted: root.vm.submit()
    }
}
