package broker

import (
	"cmp"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// decodeDeeds reads the entries of a message of LOG as lines for the log: CLUSTER LOG: NODE;ROLE;KIND;ABOUT;WHY.
func decodeDeeds(d *wire.Decoder, data []byte) ([]monitor.Brok, error) {
	deeds, err := wire.DecodeBatch(d, data, []wire.Deed(nil))
	broks := make([]monitor.Brok, len(deeds))
	for i, e := range deeds {
		text := "CLUSTER LOG: " + e.Node + ";" + cmp.Or(e.Role, "node") + ";" + e.Kind + ";" + e.About + ";" + e.Why
		broks[i] = monitor.Brok{Kind: monitor.BrokLog, Time: e.Time, Text: text}
	}
	return broks, err
}
