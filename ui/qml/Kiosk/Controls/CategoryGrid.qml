pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The categories as cards: sign, name, how many services.
EvenGrid {
    id: root

    property var model: null
    property string prefix: "home-category-"
    property int glyph: Theme.glyph

    signal chosen(string key)

    spacing: Theme.space(Theme.elder ? 3 : 2.5)
    cards: repeater

    Repeater {
        id: repeater

        model: root.model

        Touchable {
            id: card

            required property int index
            required property string key
            required property string glyph
            required property string tone
            required property string name
            required property string count

            objectName: root.prefix + card.key
            label: card.name + " " + card.count
            width: root.cell
            height: root.even(card.index)
            implicitHeight: Math.max(Theme.target, sign.height + Theme.space(4), words.height + Theme.space(4))
            onTapped: root.chosen(card.key)

            Rectangle {
                anchors.fill: parent
                radius: Theme.radius
                color: card.down ? Theme.tealSoft : Theme.surface
                border.width: Theme.elder ? Theme.stroke : Theme.hairline
                border.color: Theme.elder ? Theme.ink : Theme.line
            }

            Rectangle {
                id: sign

                visible: !Theme.elder
                anchors.verticalCenter: parent.verticalCenter
                x: Theme.space(3)
                width: root.glyph
                height: width
                radius: Theme.radius
                color: Theme.ground(card.tone)

                Text {
                    anchors.centerIn: parent
                    text: card.glyph
                    textFormat: Text.PlainText
                    font.family: Theme.serif
                    font.bold: true
                    font.pixelSize: sign.width * 0.56
                    color: Theme.ink
                    Accessible.ignored: true
                }
            }

            Column {
                id: words

                anchors.verticalCenter: parent.verticalCenter
                x: sign.visible ? sign.x + sign.width + Theme.space(2.5) : Theme.space(4)
                width: parent.width - x - Theme.space(1.5)

                Label {
                    width: parent.width
                    text: card.name
                    font.pixelSize: Theme.elder ? Theme.h2 : Theme.h2 - 4
                    font.bold: true
                    lineHeight: Theme.headingLine
                    Accessible.ignored: true
                }

                Label {
                    width: parent.width
                    text: card.count
                    font.pixelSize: Theme.small
                    color: Theme.ink2
                    Accessible.ignored: true
                }
            }
        }
    }
}
