pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// What can be done here. A few services are one list. Of many the first stand on the page and the others behind their
// category, so that two touches reach each; the search finds them by name. In large type the first four come first, in
// the largest words, and there is one big call for help.
PageFrame {
    id: root

    property var vm: null
    readonly property bool roomy: root.vm ? root.vm.few && !Theme.landscape : false
    readonly property bool opened: root.vm ? root.vm.opened : false
    readonly property bool overview: root.vm ? root.vm.many && !root.opened : false

    titleSize: root.overview && !Theme.elder ? Theme.h1 - Theme.space(0.5) : Theme.h1
    title: root.opened ? root.vm.category : Words.t("home.title")
    lead: Theme.elder ? "" : root.opened ? Words.t("home.lead")
        : root.vm && root.vm.greeting !== "" ? Words.t("home.greeting", root.vm.greeting)
        : root.overview ? "" : Words.t("home.lead")

    quitShown: true
    leftText: root.opened ? Words.t("nav.back") : Words.t("home.cases")
    leftName: root.opened ? "nav-back" : "home-cases"
    rightText: Words.t("nav.help")
    rightName: "home-help"
    rightTone: Theme.elder ? "help" : "teal"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.opened ? root.vm.back() : root.vm.cases()
    onRightTapped: root.vm.help()

    ChoiceCard {
        objectName: "home-waiting"
        visible: root.vm ? root.vm.waitingTitle !== "" && !root.opened : false
        width: root.contentWidth
        title: root.vm ? root.vm.waitingTitle : ""
        detail: root.vm ? root.vm.waitingDetail : ""
        best: true
        arrow: true
        onTapped: root.vm.collect()
    }

    ChoiceCard {
        objectName: "home-resume"
        visible: root.vm ? root.vm.unfinished && !root.opened : false
        width: root.contentWidth
        title: Words.t("home.resume")
        detail: root.vm && root.vm.notNow ? Words.t("home.resume.not_now") : Words.t("home.resume.detail")
        best: true
        arrow: true
        onTapped: root.vm.resume()
    }

    EvenGrid {
        id: four

        visible: root.overview && Theme.elder
        width: root.contentWidth
        columns: Theme.landscape ? 2 : 1
        spacing: root.gap
        cards: fourCards

        Repeater {
            id: fourCards

            model: root.vm && Theme.elder ? root.vm.often : null

            ServiceCard {
                required property int index
                required property string serviceId

                required name
                required shortName
                required line
                required verdict

                objectName: "home-service-" + serviceId
                width: four.cell
                height: four.even(index)
                small: Theme.landscape
                onTapped: root.vm.choose(serviceId)
            }
        }
    }

    SearchField {
        objectName: "home-search"
        visible: root.overview
        width: root.contentWidth
        text: Words.t("home.search")
        onTapped: root.vm.search()
    }

    CategoryGrid {
        visible: root.overview
        width: root.contentWidth
        columns: Theme.landscape ? 3 : 2
        glyph: Theme.landscape ? Theme.glyph - Theme.space(3) : Theme.glyph
        model: root.vm ? root.vm.categories : null
        onChosen: key => root.vm.open(key)
    }

    EvenGrid {
        id: list

        width: root.contentWidth
        columns: root.opened && Theme.landscape ? 2 : 1
        spacing: Theme.elder ? Theme.space(4) : root.gap
        cards: listCards

        Repeater {
            id: listCards

            model: root.vm ? root.vm.services : null

            Item {
                id: entry

                required property int index
                required property string serviceId
                required property string category
                required property string glyph
                required property string tone
                required property string name
                required property string shortName
                required property string summary
                required property string line
                required property string verdict
                required property bool first
                readonly property bool headed: entry.first && !Theme.elder && !root.opened
                readonly property real above: entry.headed ? heading.height + Theme.space(4) : 0

                width: list.cell
                height: list.even(entry.index)
                implicitHeight: entry.above + card.implicitHeight

                Label {
                    id: heading

                    y: Theme.space(2)
                    visible: entry.headed
                    width: parent.width
                    text: entry.category
                    font.pixelSize: Theme.small
                    color: Theme.ink2
                }

                ServiceCard {
                    id: card

                    objectName: "home-service-" + entry.serviceId
                    y: entry.above
                    width: parent.width
                    height: parent.height - y
                    name: entry.name
                    shortName: entry.shortName
                    summary: entry.summary
                    line: entry.line
                    verdict: entry.verdict
                    glyph: root.opened ? "" : entry.glyph
                    tone: entry.tone
                    roomy: root.roomy
                    small: list.columns > 1
                    onTapped: root.vm.choose(entry.serviceId)
                }
            }
        }
    }

    aside: Card {
        visible: root.overview && !Theme.elder
        padding: Theme.space(4)
        gap: 0

        Label {
            width: parent.width
            bottomPadding: Theme.space(1)
            text: Words.t("home.often")
            font.bold: true
        }

        Repeater {
            model: root.vm && !Theme.elder ? root.vm.often : null

            Touchable {
                id: entryLine

                required property int index
                required property string serviceId
                required property string shortName
                required property string line
                required property bool able
                readonly property bool below: Theme.landscape || !entryLine.able // beside the name there is no room

                objectName: "home-service-" + entryLine.serviceId
                visible: entryLine.index < 3 || !Theme.landscape // what the panel holds in both languages
                label: entryLine.shortName
                width: parent ? parent.width : 0
                height: Math.max(Theme.minimum, words.height + Theme.space(4))
                onTapped: root.vm.choose(entryLine.serviceId)

                Rectangle {
                    width: parent.width
                    height: Theme.hairline
                    color: Theme.line
                }

                Rectangle {
                    anchors.fill: parent
                    anchors.topMargin: Theme.space(0.5)
                    visible: entryLine.down
                    radius: Theme.radiusSmall
                    color: Theme.tealSoft
                }

                Column {
                    id: words

                    anchors.verticalCenter: parent.verticalCenter
                    width: parent.width - (promise.visible ? promise.width + Theme.space(2) : 0)

                    Label {
                        width: parent.width
                        text: entryLine.shortName
                        Accessible.ignored: true
                    }

                    Label {
                        visible: entryLine.below
                        width: parent.width
                        text: entryLine.line
                        font.pixelSize: Theme.small
                        color: entryLine.able ? Theme.ok : Theme.warn
                        Accessible.ignored: true
                    }
                }

                Chip {
                    id: promise

                    visible: !entryLine.below
                    anchors.verticalCenter: parent.verticalCenter
                    anchors.right: parent.right
                    text: entryLine.line
                    tone: "ok"
                }
            }
        }
    }
}
