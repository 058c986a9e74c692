package remotewrite

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// The fields of prometheus.WriteRequest and what is in it (prompb/remote.proto, prompb/types.proto), as protocol buffers write
// them: number<<3 | wire type.
const (
	tagSeries    = 1<<3 | 2 // WriteRequest.timeseries
	tagLabel     = 1<<3 | 2 // TimeSeries.labels
	tagSample    = 2<<3 | 2 // TimeSeries.samples
	tagName      = 1<<3 | 2 // Label.Name
	tagText      = 2<<3 | 2 // Label.value
	tagValue     = 1<<3 | 1 // Sample.value
	tagTimestamp = 2 << 3   // Sample.timestamp, a varint
)

// appendSeries appends a WriteRequest.timeseries with one sample. Labels are sorted; those without a value are left out, as the
// protocol demands.
func appendSeries(dst []byte, labels []label, value float64, ms int64) []byte {
	size := 0
	for i := range labels {
		if labels[i].Value == "" {
			continue
		}
		if !utf8.ValidString(labels[i].Value) {
			labels[i].Value = strings.ToValidUTF8(labels[i].Value, "\uFFFD")
		}
		size += field(field(len(labels[i].Name)) + field(len(labels[i].Value)))
	}
	sample := 1 + 8 + 1 + sizeOf(uint64(ms))
	dst = append(dst, tagSeries)
	dst = binary.AppendUvarint(dst, uint64(size+field(sample)))
	for i := range labels {
		if labels[i].Value != "" {
			dst = appendLabel(dst, &labels[i])
		}
	}
	dst = append(dst, tagSample)
	dst = binary.AppendUvarint(dst, uint64(sample))
	dst = append(dst, tagValue)
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(value))
	dst = append(dst, tagTimestamp)
	return binary.AppendUvarint(dst, uint64(ms))
}

func appendLabel(dst []byte, l *label) []byte {
	dst = append(dst, tagLabel)
	dst = binary.AppendUvarint(dst, uint64(field(len(l.Name))+field(len(l.Value))))
	dst = append(dst, tagName)
	dst = append(binary.AppendUvarint(dst, uint64(len(l.Name))), l.Name...)
	dst = append(dst, tagText)
	return append(binary.AppendUvarint(dst, uint64(len(l.Value))), l.Value...)
}

// field gives the size of a field with a tag of one byte, the length and n bytes.
func field(n int) int { return 1 + sizeOf(uint64(n)) + n }

// sizeOf gives how many bytes a varint has.
func sizeOf(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// metricName makes the name of a series of any text.
func metricName(text string) string {
	out := strings.Map(func(r rune) rune {
		if r == '_' || r == ':' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, text)
	if out != "" && '0' <= out[0] && out[0] <= '9' {
		return "_" + out
	}
	return out
}
