pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// An electronic licence spares typing and papers. First what is asked of whom; then what was found, to be taken or not;
// or why there is none, and on without.
PageFrame {
    id: root

    property var vm: null
    readonly property string stage: root.vm ? root.vm.stage : ""
    readonly property bool found: root.stage === "found"

    title: root.vm ? root.vm.heading : ""
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: root.stage === "consent" ? Words.t("licence.agree") : root.found ? Words.t("licence.take")
             : root.stage === "failed" ? Words.t("licence.on") : ""
    rightName: root.stage === "found" ? "licence-take" : root.stage === "failed" ? "licence-on" : "licence-agree"
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.next()

    Card {
        visible: root.vm ? root.vm.spared !== "" : false
        padding: Theme.space(4.5)
        gap: Theme.space(2)

        Label {
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.spared : ""
            font.bold: true
        }

        Label {
            width: parent ? parent.width : 0
            text: Words.t("licence.once")
            color: Theme.ink2
        }
    }

    Card {
        visible: root.found
        padding: Theme.space(4.5)
        gap: Theme.space(2)

        Repeater {
            model: root.vm ? root.vm.lines : null

            Column {
                id: line

                required property string label
                required property string value

                width: parent ? parent.width : 0

                Label {
                    width: line.width
                    text: line.label
                    color: Theme.ink2
                    font.pixelSize: Theme.small
                }

                Label {
                    width: line.width
                    text: line.value
                }
            }
        }
    }

    ChoiceCard {
        objectName: "licence-decline"
        visible: root.stage !== "failed" && root.stage !== ""
        width: root.contentWidth
        title: root.found ? Words.t("licence.other") : Words.t("licence.decline")
        onTapped: root.vm.decline()
    }
}
