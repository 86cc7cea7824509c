pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Papers of an earlier visit: what can be taken now, what is still being confirmed, and the true progress of printing.
PageFrame {
    id: root

    property var vm: null
    readonly property bool printing: root.vm ? root.vm.printing : false

    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.lead : ""
    quitShown: !root.printing
    leftText: root.printing ? "" : Words.t("nav.back")
    rightText: root.printing ? Words.t("outcome.printing") : Words.t("collect.done")
    rightEnabled: !root.printing
    rightTone: root.vm && root.vm.fresh && !root.printing ? "teal" : "primary"
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.done()

    Repeater {
        model: root.vm ? root.vm.lines : null

        Card {
            id: paper

            required property int place
            required property string title
            required property string detail
            required property string chip
            required property string tone
            required property string advice
            required property string action
            required property bool primary
            required property string stage
            required property string text
            required property string note
            required property int pagesDone
            required property int pagesTotal
            readonly property bool stackedUp: Theme.elder

            padding: Theme.space(4.5)
            gap: Theme.space(2.5)

            Item {
                width: parent ? parent.width : 0
                height: paper.stackedUp ? state_.y + state_.height : Math.max(name.height, state_.height)

                Label {
                    id: name

                    width: paper.stackedUp ? parent.width : parent.width - state_.width - Theme.space(3)
                    text: paper.title
                    font.pixelSize: Theme.h2
                    font.bold: true
                }

                Chip {
                    id: state_

                    x: paper.stackedUp ? 0 : parent.width - width
                    y: paper.stackedUp ? name.height + Theme.space(1) : (name.height - height) / 2
                    text: paper.chip
                    tone: paper.tone
                }
            }

            Label {
                width: parent ? parent.width : 0
                text: paper.detail
                font.pixelSize: Theme.small
                color: Theme.ink2
            }

            Label {
                visible: text !== ""
                width: parent ? parent.width : 0
                text: paper.advice
            }

            PrintLine {
                visible: paper.text !== ""
                width: parent ? parent.width : 0
                title: paper.text
                detail: paper.note
                state_: paper.stage
                done: paper.pagesDone
                total: paper.pagesTotal
            }

            PillButton {
                objectName: "collect-print-" + paper.place
                visible: paper.action !== ""
                enabled: !root.printing
                width: parent ? Math.min(naturalWidth, parent.width) : 0
                height: implicitHeight
                text: paper.action
                label: paper.action + " " + paper.title
                tone: paper.primary ? "primary" : "teal"
                onTapped: root.vm.printPaper(paper.place)
            }
        }
    }
}
