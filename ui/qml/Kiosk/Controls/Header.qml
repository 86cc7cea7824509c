pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Who this machine is, and the choices that hold on every page.
Item {
    id: root

    property var chrome: null
    property var voice: null
    property bool helpShown: true
    readonly property alias mark: mark
    readonly property int side: Theme.space(Theme.elder ? 4.5 : 6)
    readonly property bool test: root.chrome ? root.chrome.test : false
    readonly property bool audible: root.voice ? root.voice.possible : false
    readonly property bool full: root.audible && !Theme.landscape // four choices beside the place
    readonly property real room: choices.x - place.x - Theme.space(2)

    // Chinese may be broken anywhere: in large type beside four choices, behind the district rather than in a name.
    function twoLines(name: string): string {
        return Theme.elder && !Theme.landscape ? name.replace(/^(.{2,}?[区县旗]|.{2,}?市)(?=..)/, "$1\n") : name
    }

    height: Theme.headerHeight

    Mark {
        id: mark

        anchors.verticalCenter: parent.verticalCenter
        anchors.left: parent.left
        anchors.leftMargin: root.side
    }

    Column {
        id: place

        anchors.verticalCenter: parent.verticalCenter
        anchors.left: mark.right
        anchors.leftMargin: Theme.space(2)
        width: Math.min(implicitWidth, root.room)

        Label {
            width: Math.min(implicitWidth, root.room)
            visible: !Theme.elder || (!root.test && root.room >= Theme.space(30)) // whole words in large type, or none
            text: root.twoLines(root.chrome ? root.chrome.place : "")
            font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
            font.bold: true
            wrapMode: Theme.elder ? Text.Wrap : Text.NoWrap
            maximumLineCount: Theme.elder ? 2 : 1
            elide: Text.ElideRight
        }

        Row {
            visible: !Theme.elder || root.test
            spacing: Theme.space(1.5)

            Label {
                visible: !root.test
                width: Math.min(implicitWidth, root.room)
                text: root.chrome ? Words.t("header.mart", root.chrome.terminal) : ""
                elide: Text.ElideRight
                font.pixelSize: Theme.small
                color: Theme.ink2
                wrapMode: Text.NoWrap
            }

            Chip {
                visible: root.test
                text: Theme.elder ? Words.t("header.test.short") : Words.t("header.test")
                tone: "warn"
            }
        }
    }

    // A landscape page has no height to give away.
    HelperStrip {
        chrome: Theme.landscape ? root.chrome : null
        anchors.verticalCenter: parent.verticalCenter
        anchors.left: place.right
        anchors.leftMargin: Theme.space(3)
        anchors.right: choices.left
        anchors.rightMargin: Theme.space(3)
    }

    ProgressBars {
        visible: Theme.landscape && step > 0 && !(root.chrome && root.chrome.helped)
        anchors.verticalCenter: parent.verticalCenter
        anchors.left: place.right
        anchors.leftMargin: Theme.space(8)
        anchors.right: choices.left
        anchors.rightMargin: Theme.space(8)
        step: root.chrome ? root.chrome.step : 0
    }

    Row {
        id: choices

        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: root.side
        spacing: Theme.space(root.full ? 1 : 2)

        // 听: the page is read aloud; while it is read, silence; afterwards, once more.
        HeaderPill {
            objectName: "chrome-listen"
            visible: root.audible
            text: !root.voice || !root.voice.on ? Words.t("header.listen")
                : root.voice.speaking ? Words.t("header.listen.stop") : Words.t("header.listen.again")
            dark: root.voice ? root.voice.on : false
            onTapped: root.voice.toggle()
        }

        HeaderPill {
            objectName: "chrome-language"
            text: Theme.elder ? Words.t("header.language.short") : Words.t("header.language")
            label: Words.t("header.language")
            glyph: root.full ? "" : "文"
            onTapped: root.chrome.toggleLanguage()
        }

        HeaderPill {
            objectName: "chrome-elder"
            text: Theme.elder ? Words.t("header.standard") : Words.t("header.elder")
            glyph: root.full ? "" : "大"
            dark: Theme.elder
            onTapped: root.chrome.toggleElder()
        }

        HeaderPill {
            objectName: "chrome-help"
            visible: root.helpShown
            text: Words.t("nav.help")
            urgent: Theme.elder
            onTapped: root.chrome.help()
        }
    }
}
