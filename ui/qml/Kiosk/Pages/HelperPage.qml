pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// A member of staff begins to help: the code, and before it what their help means for the person in front.
PageFrame {
    id: root

    property var vm: null

    title: Words.t("helper.title")
    lead: Theme.elder ? "" : Words.t("helper.lead") // what it means for the person comes first
    quitShown: true
    leftText: Words.t("nav.back")
    hasInput: true
    gap: Theme.space(2.5)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()

    TextEntry {
        value: root.vm ? root.vm.dots : ""
        wrong: root.vm ? root.vm.problemText !== "" : false
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: Theme.bad
    }

    Card {
        padding: Theme.space(4)
        gap: Theme.space(1.5)

        Repeater {
            model: ["seen", "masked", "own"]

            Label {
                required property string modelData

                width: parent ? parent.width : 0
                text: Words.t("helper.meaning." + modelData)
            }
        }
    }

    input: NumberPad {
        width: parent ? parent.width : 0
        confirms: true
        acceptable: root.vm ? root.vm.codeReady : false
        onPressed: digit => root.vm.press(digit)
        onErased: root.vm.erase()
        onAccepted: root.vm.submit()
    }
}
