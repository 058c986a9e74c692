package sites

import (
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// kind tells what a message between sites is.
type kind uint8

// The messages. Those from askHello to askOrphans are answered.
const (
	askHello   kind = iota + 1 // are you there? The answer is a hello
	askHosts                   // a page of the hosts of the site; the answer is a page
	askOrphans                 // a page of the names that payloads came for and nobody knows; the answer is a page
	aParcel                    // payloads; answered by a message of the kind aReceipt, once they are stored
	aReceipt
)

// message is what one site says to another.
type message struct {
	Kind kind
	// From is the site that says it, and Boot its start.
	From, Boot string
	// Session and Number count parcels: each drain of a site has a session of its own, and parcels are numbered from 1.
	Session, Number uint64
	// Start is the first name of the page that is asked for, by its place.
	Start uint32
	// Payloads and Sources of a parcel are as they lay in the stream.
	Payloads, Sources [][]byte
	// Refused says why a parcel was not stored; empty if it was.
	Refused string
}

// hello is what a site says of itself.
type hello struct {
	Site, Boot string
	// Hash is of the hosts that the site has, as the one who is told may know them, and Hosts how many they are.
	Hash  uint64
	Hosts uint32
	// Time is the clock of the site.
	Time monitor.Time
	// Session and Received are the last parcel, in an unbroken row, that came from who asked.
	Session, Received uint64
}

// page is a part of a list of names.
type page struct {
	Hash uint64
	Size uint32 // of the text
	Text []byte // names, each with a line feed behind it, compressed with S2
	// Next is the place of the first name of the next page; 0 after the last.
	Next uint32
}

// Bounds of what another site may say.
const (
	maxPageText  = 512 << 10
	maxHosts     = 1 << 20
	maxHostsText = 64 << 20
	maxNameBytes = 255
)

// newPage cuts a page out of a list.
func newPage(hash uint64, names []string, start uint32) page {
	var text []byte
	i := min(int(start), len(names))
	for ; i < len(names) && len(text)+len(names[i]) < maxPageText; i++ {
		text = append(append(text, names[i]...), '\n')
	}
	p := page{Hash: hash, Size: uint32(len(text)), Text: s2.Encode(nil, text)}
	if i < len(names) && i > int(start) {
		p.Next = uint32(i)
	}
	return p
}

// names unpacks a page.
func (p *page) names() ([]string, error) {
	size, err := s2.DecodedLen(p.Text)
	if err == nil && (size > maxPageText+maxNameBytes || size != int(p.Size)) {
		err = fmt.Errorf("it unpacks to %d bytes", size)
	}
	var text []byte
	if err == nil {
		text, err = s2.Decode(nil, p.Text)
	}
	if err != nil {
		return nil, fmt.Errorf("page of names: %w", err)
	}
	return lines(string(text)), nil
}

func lines(text string) (out []string) {
	for begin, i := 0, 0; i < len(text); i++ {
		if text[i] == '\n' {
			out = append(out, text[begin:i])
			begin = i + 1
		}
	}
	return out
}

func decodeMessage(b []byte) (m message, err error) {
	if err = wire.Unmarshal(b, &m); err == nil {
		err = checkSender(m.From, m.Boot)
	}
	return m, err
}

func decodeHello(b []byte) (h hello, err error) {
	if err = wire.Unmarshal(b, &h); err == nil {
		err = checkSender(h.Site, h.Boot)
	}
	return h, err
}
