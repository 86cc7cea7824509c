pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Running text. Always plain: what a citizen typed is never taken for mark-up.
Text {
    font.family: Theme.sans
    font.pixelSize: Theme.body
    color: Theme.ink
    wrapMode: Text.Wrap
    textFormat: Text.PlainText
    Accessible.role: Accessible.StaticText
    Accessible.name: text
}
