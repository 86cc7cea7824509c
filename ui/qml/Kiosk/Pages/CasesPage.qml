pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// My cases: each with how it stands, what moves next and by when; the one that moved last comes first.
PageFrame {
    id: root

    property var vm: null

    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    leftText: Words.t("nav.back")
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()

    Card {
        visible: root.vm ? root.vm.problemText !== "" || root.vm.partly !== "" : false
        color: Theme.warnSoft
        border.color: Theme.warn
        padding: Theme.space(4)

        Label {
            width: parent ? parent.width : 0
            text: !root.vm ? "" : root.vm.problemText !== "" ? root.vm.problemText : root.vm.partly
            color: Theme.warn
        }
    }

    ChoiceCard {
        objectName: "cases-collect"
        visible: root.vm ? root.vm.papers !== "" : false
        width: root.contentWidth
        title: root.vm ? root.vm.papers : ""
        detail: Words.t("cases.papers.detail")
        best: true
        arrow: true
        onTapped: root.vm.collect()
    }

    Repeater {
        model: root.vm ? root.vm.lines : null

        Touchable {
            id: entry

            required property int place
            required property string caseId
            required property string title
            required property string number
            required property string detail
            required property string badge
            required property string tone
            required property bool yours

            objectName: "case-" + entry.place
            label: entry.title + " " + entry.badge
            width: root.contentWidth
            height: Math.max(Theme.target, words.height + Theme.space(7))
            onTapped: root.vm.open(entry.caseId)

            Rectangle {
                anchors.fill: parent
                radius: Theme.radius
                color: entry.down ? Theme.tealSoft : Theme.surface
                border.width: entry.yours || Theme.elder ? Theme.stroke : Theme.hairline
                border.color: entry.yours ? Theme.warn : Theme.elder ? Theme.ink : Theme.line
            }

            Column {
                id: words

                anchors.verticalCenter: parent.verticalCenter
                x: Theme.space(5)
                width: parent.width - x - arrow.width - Theme.space(9)
                spacing: Theme.space(1)

                Label {
                    width: parent.width
                    text: entry.title
                    font.pixelSize: Theme.elder ? Theme.h2 : Theme.h2 - Theme.space(0.5)
                    font.bold: true
                    Accessible.ignored: true
                }

                Chip {
                    text: entry.badge
                    tone: entry.tone
                }

                Label {
                    width: parent.width
                    text: entry.detail
                    font.bold: entry.yours
                    color: entry.yours ? Theme.warn : Theme.ink
                    font.pixelSize: Theme.elder ? Theme.small : Theme.space(4.2)
                    Accessible.ignored: true
                }

                Label {
                    width: parent.width
                    text: entry.number
                    font.pixelSize: Theme.small
                    color: Theme.ink2
                    Accessible.ignored: true
                }
            }

            Chevron {
                id: arrow

                anchors.verticalCenter: parent.verticalCenter
                anchors.right: parent.right
                anchors.rightMargin: Theme.space(5)
            }
        }
    }

    KnownCard {
        name: "cases-forget"
        text: root.vm ? root.vm.knownText : ""
        onForgotten: root.vm.forgetKnown()
    }
}
