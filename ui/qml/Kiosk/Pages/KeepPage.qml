pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Leaving with something entered: is it to be kept? Nothing is chosen beforehand; both ways lie side by side, in reach.
PageFrame {
    id: root

    property var vm: null

    title: Words.t("keep.title")
    lead: root.vm ? root.vm.lead : ""
    leftText: Words.t("nav.back")
    otherText: Words.t("keep.no")
    otherName: "keep-no"
    rightText: root.vm ? root.vm.yes : ""
    rightName: "keep-yes"
    rightTone: "teal"
    rightEnabled: root.vm ? !root.vm.keeping : false
    onLeftTapped: root.vm.back()
    onOtherTapped: root.vm.keep(false)
    onRightTapped: root.vm.keep(true)

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: Theme.bad
    }

    Card {
        padding: Theme.space(4.5)
        gap: Theme.space(2.5)

        Repeater {
            model: root.vm ? root.vm.meaning : []

            Label {
                required property string modelData

                width: parent ? parent.width : 0
                text: modelData
            }
        }
    }
}
