pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// What can be done here. In elder mode: at most four at a time, in the largest words, and one big call for help.
PageFrame {
    id: root

    property var vm: null
    readonly property bool roomy: root.vm ? root.vm.few && !Theme.landscape : false

    title: Words.t("home.title")
    lead: Theme.elder ? "" : root.vm && root.vm.greeting !== "" ? Words.t("home.greeting", root.vm.greeting)
                                                                : Words.t("home.lead")
    readonly property bool turning: Theme.elder && root.vm && root.vm.pages > 1

    quitShown: true
    leftText: root.turning ? Words.t("home.more") : Words.t("home.collect")
    leftName: root.turning ? "home-more" : "home-collect"
    rightText: Words.t("nav.help")
    rightName: "home-help"
    rightTone: Theme.elder ? "help" : "teal"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.turning ? root.vm.turn() : root.vm.collect()
    onRightTapped: root.vm.help()

    ChoiceCard {
        objectName: "home-waiting"
        visible: root.vm ? root.vm.waitingTitle !== "" : false
        width: root.contentWidth
        title: root.vm ? root.vm.waitingTitle : ""
        detail: root.vm ? root.vm.waitingDetail : ""
        best: true
        arrow: true
        onTapped: root.vm.collect()
    }

    ChoiceCard {
        objectName: "home-resume"
        visible: root.vm ? root.vm.unfinished : false
        width: root.contentWidth
        title: Words.t("home.resume")
        detail: root.vm && root.vm.notNow ? Words.t("home.resume.not_now") : Words.t("home.resume.detail")
        best: true
        arrow: true
        onTapped: root.vm.resume()
    }

    Repeater {
        model: root.vm ? root.vm.services : null

        Column {
            id: entry

            required property string serviceId
            required property string category
            required property string glyph
            required property string tone
            required property string name
            required property string shortName
            required property string summary
            required property string badge
            required property string verdict
            required property bool first

            width: root.contentWidth
            spacing: Theme.space(2)
            topPadding: Theme.elder ? Theme.space(1) : entry.first ? Theme.space(2) : 0

            Label {
                visible: entry.first && !Theme.elder
                width: parent.width
                text: entry.category
                font.pixelSize: Theme.small
                color: Theme.ink2
            }

            Touchable {
                id: card

                objectName: "home-service-" + entry.serviceId
                label: Theme.elder ? entry.shortName : entry.name
                width: parent.width
                height: Math.max(words.height + Theme.space(Theme.elder ? 13 : 9), Theme.space(Theme.elder ? 27 : root.roomy ? 39 : 25))
                onTapped: root.vm.choose(entry.serviceId)

                Rectangle {
                    anchors.fill: parent
                    radius: Theme.radius
                    color: card.down ? Theme.tealSoft : Theme.surface
                    border.width: Theme.elder ? Theme.stroke : Theme.hairline
                    border.color: Theme.elder ? Theme.ink : Theme.line
                }

                Rectangle {
                    id: glyph

                    visible: !Theme.elder
                    anchors.verticalCenter: parent.verticalCenter
                    x: Theme.space(5)
                    width: Theme.glyph + Theme.space(root.roomy ? 7 : 2)
                    height: width
                    radius: Theme.radius
                    color: Theme.ground(entry.tone)

                    Text {
                        anchors.centerIn: parent
                        text: entry.glyph
                        textFormat: Text.PlainText
                        font.family: Theme.serif
                        font.bold: true
                        font.pixelSize: glyph.width * 0.56
                        color: Theme.ink
                        Accessible.ignored: true
                    }
                }

                Column {
                    id: words

                    anchors.verticalCenter: parent.verticalCenter
                    x: Theme.elder ? Theme.space(9) : glyph.x + glyph.width + Theme.space(4)
                    width: parent.width - x - arrow.width - Theme.space(8)
                    spacing: Theme.space(root.roomy ? 2 : 1)

                    Label {
                        width: parent.width
                        text: Theme.elder ? entry.shortName : entry.name
                        font.pixelSize: Theme.item + (root.roomy && !Theme.elder ? Theme.space(1) : 0)
                        font.bold: true
                        Accessible.ignored: true
                    }

                    Label {
                        visible: !Theme.elder && text !== ""
                        width: parent.width
                        text: entry.summary
                        font.pixelSize: root.roomy ? Theme.space(4.1) : Theme.small
                        color: Theme.ink2
                        Accessible.ignored: true
                    }

                    Chip {
                        visible: text !== "" && (!Theme.elder || entry.verdict !== "can")
                        text: entry.verdict === "can" ? entry.badge : Words.t("home." + entry.verdict)
                        tone: entry.verdict === "can" ? "ok" : "warn"
                    }
                }

                Chevron {
                    id: arrow

                    visible: !Theme.elder
                    anchors.verticalCenter: parent.verticalCenter
                    anchors.right: parent.right
                    anchors.rightMargin: Theme.space(5)
                }
            }
        }
    }

    ChoiceCard {
        objectName: "home-collect"
        visible: root.turning
        width: root.contentWidth
        title: Words.t("home.collect")
        arrow: true
        onTapped: root.vm.collect()
    }
}
