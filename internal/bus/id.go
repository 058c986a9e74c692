package bus

import (
	"strconv"
	"strings"
)

// MessageID gives an id for the n-th message of a sender, who has a name of its own at each of its starts. The ids that one sender
// appends under one subject rise: so whoever reads them knows a message that was stored twice, however late the second time is.
func MessageID(sender string, n uint64) string { return sender + "." + strconv.FormatUint(n, 10) }

// JoinedID gives an id for one message in place of a sender's messages from the first-th to the last-th.
func JoinedID(sender string, first, last uint64) string {
	return MessageID(sender, first) + "-" + strconv.FormatUint(last, 10)
}

// CutID reads what MessageID or JoinedID made; of the first, last is first. ok is false for other ids.
func CutID(id string) (sender string, first, last uint64, ok bool) {
	dot := strings.LastIndexByte(id, '.')
	if dot <= 0 {
		return "", 0, 0, false
	}
	from, to, joined := strings.Cut(id[dot+1:], "-")
	first, err := strconv.ParseUint(from, 10, 64)
	if last = first; err == nil && joined {
		last, err = strconv.ParseUint(to, 10, 64)
	}
	if err != nil || last < first {
		return "", 0, 0, false
	}
	return id[:dot], first, last, true
}
