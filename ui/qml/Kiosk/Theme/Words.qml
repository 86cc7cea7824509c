pragma Singleton

import QtQuick

// The words of the screen by message key. Reading `language` makes every binding follow the switch.
QtObject {
    property var source: null

    function t(key: string, ...values): string {
        return source && source.language ? source.word(key, values) : ""
    }
}
