package objects

import (
	"encoding/binary"
	"math"

	"github.com/onbu/onbu/monitor"
)

// encode writes Settings as bytes that are equal only for equal Settings.
func encode(b []byte, s *Settings) []byte {
	for _, n := range [...]int64{
		int64(s.MaxAttempts), int64(s.CheckInterval), int64(s.RetryInterval), int64(s.CheckPeriod), int64(s.Switches),
		int64(bit(s.Volatile)), int64(s.FreshnessThreshold), int64(s.InitialState), int64(s.NotificationPeriod),
		int64(s.NotificationOptions), int64(s.NotificationInterval), int64(s.FirstNotificationDelay),
		int64(s.FlapOptions), int64(math.Float32bits(s.LowFlap)), int64(math.Float32bits(s.HighFlap)),
		int64(s.CheckTimeout), int64(s.StalkingOptions), int64(s.BusinessImpact), int64(s.Realm),
		int64(s.MaintenancePeriod), int64(s.SnapshotOptions), int64(s.SnapshotPeriod), int64(s.SnapshotInterval),
		int64(s.Importance), int64(bit(s.NoHostDependency)), int64(len(s.Labels)),
	} {
		b = binary.AppendVarint(b, n)
	}
	for _, list := range [...][]uint32{
		s.Contacts, s.ContactGroups, s.ResultModulations, s.CheckModulations, s.MacroModulations, s.ImpactModulations, s.Escalations, s.Triggers,
	} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, n := range list {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = encodeCall(encodeCall(b, s.EventHandler), s.Snapshot)
	for _, text := range [...]string{s.Pool, s.ReactionPool, s.NotesURL, s.ActionURL, s.IconImage} {
		b = encodeText(b, text)
	}
	for _, label := range s.Labels {
		b = encodeText(b, label)
	}
	return b
}

func encodeText(b []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func encodeCall(b []byte, c monitor.Call) []byte {
	b = binary.AppendVarint(b, int64(c.Command))
	return binary.AppendUvarint(b, uint64(c.Args))
}

func bit(on bool) uint8 {
	if on {
		return 1
	}
	return 0
}
