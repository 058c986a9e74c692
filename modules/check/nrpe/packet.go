package nrpe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Packets as NRPE 4.1's common.h lays them out, sizes in bytes. All have a header of version, type, CRC and result.
// Version 2 goes on with a text of fixed size and two bytes of padding. Versions 3 and 4 go on with two bytes of
// alignment, a length, and as much text; version 3 counts three more bytes of padding that servers may keep.
const (
	queryType    = 1
	responseType = 2

	headLen   = 10
	v2Text    = 1024
	v2Padding = 2
	v3Head    = 16
	v3Padding = 3
	minQuery  = headLen + v2Text + v2Padding
	maxAnswer = 65536
)

// appendQuery appends a query to dst. payload is the text of a version 2 packet; the others do not need it.
func appendQuery(dst []byte, version uint16, query string, payload int) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, version)
	dst = binary.BigEndian.AppendUint16(dst, queryType)
	dst = append(dst, 0, 0, 0, 0, 0, 0)
	if version == 2 {
		query = query[:min(len(query), payload-1)]
		dst = append(dst, query...)
		dst = zeros(dst, start+headLen+payload+v2Padding)
	} else {
		padding := 0
		if version == 3 {
			padding = v3Padding
		}
		text := max(len(query)+1, minQuery-v3Head-padding)
		dst = append(dst, 0, 0)
		dst = binary.BigEndian.AppendUint32(dst, uint32(text))
		dst = append(dst, query...)
		dst = zeros(dst, start+v3Head+text+padding)
	}
	binary.BigEndian.PutUint32(dst[start+4:], crc32.ChecksumIEEE(dst[start:]))
	return dst
}

// zeros appends zeros until b is n bytes long.
func zeros(b []byte, n int) []byte {
	old := len(b)
	b = slices.Grow(b, n-old)[:n]
	clear(b[old:])
	return b
}

// answer is a server's response.
type answer struct {
	code uint16 // the plugin's exit status
	text []byte // up to the first NUL
}

// badAnswer is a response that is none, in check_nrpe's words; detail says what they leave out.
type badAnswer struct {
	text, detail string
	// weight says how much the answer tells.
	weight weight
	// final says that other packet versions would fare no better.
	final bool
}

// weight orders bad answers: what a server does with a version that it does not know tells less than how it fails in its
// own.
type weight uint8

const (
	nothing weight = iota
	otherVersion
	broken
)

func (b *badAnswer) Error() string { return b.text }

// packet reads a response bit by bit. The room grows with what comes, not with what is promised.
type packet struct {
	from io.Reader
	buf  []byte
}

// fill reads until n bytes are there. The error of a connection that ended is io.EOF.
func (p *packet) fill(n int) error {
	for len(p.buf) < n {
		if len(p.buf) == cap(p.buf) {
			p.buf = slices.Grow(p.buf, min(len(p.buf)+bufferSize, n-len(p.buf)))
		}
		got, err := p.from.Read(p.buf[len(p.buf):cap(p.buf)])
		p.buf = p.buf[:len(p.buf)+got]
		if err != nil && len(p.buf) < n {
			return err
		}
	}
	return nil
}

// read reads a response of the version that was asked. The answer's text lies in p.buf. An error is a *badAnswer or the
// connection's.
func (p *packet) read(version uint16, payload int) (answer, error) {
	if err := p.fill(headLen); err != nil {
		return answer{}, p.short(err, "header ", headLen)
	}
	got, typ := binary.BigEndian.Uint16(p.buf), binary.BigEndian.Uint16(p.buf[2:])
	switch {
	case got != version:
		return answer{}, &badAnswer{text: "CHECK_NRPE: Invalid packet version received from server.", detail: p.begins(), weight: otherVersion}
	case typ != responseType:
		return answer{}, &badAnswer{text: "CHECK_NRPE: Invalid packet type received from server.", detail: p.begins(), weight: broken}
	}
	text, err := p.text(version, payload)
	if err != nil {
		return answer{}, err
	}
	sum := binary.BigEndian.Uint32(p.buf[4:])
	clear(p.buf[4:8])
	if crc32.ChecksumIEEE(p.buf) != sum {
		return answer{}, &badAnswer{text: "CHECK_NRPE: Response packet had invalid CRC32.", weight: broken, final: true}
	}
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return answer{code: binary.BigEndian.Uint16(p.buf[8:]), text: text}, nil
}

// text reads the rest of a response and makes p.buf exactly what the CRC covers.
func (p *packet) text(version uint16, payload int) ([]byte, error) {
	if version == 2 {
		// NSClient++ may keep the padding to itself.
		whole := headLen + payload + v2Padding
		if err := p.fill(whole); err != nil && (!ended(err) || len(p.buf) < whole-v2Padding) {
			return nil, p.short(err, "", whole)
		}
		p.buf = zeros(p.buf[:min(len(p.buf), whole)], whole)
		return p.buf[headLen : headLen+payload-1], nil
	}
	if err := p.fill(v3Head); err != nil {
		return nil, p.short(err, "", v3Head)
	}
	clear(p.buf[headLen : headLen+2])
	n := int32(binary.BigEndian.Uint32(p.buf[12:]))
	if n < 0 || n > maxAnswer {
		return nil, &badAnswer{
			text: "CHECK_NRPE: Response packet had invalid buffer size.", detail: fmt.Sprintf("it promised %d bytes", n), weight: broken,
		}
	}
	whole := v3Head + int(n)
	if err := p.fill(whole); err != nil {
		return nil, p.short(err, "", whole)
	}
	p.buf = p.buf[:whole]
	if version == 3 {
		p.buf = zeros(p.buf, whole+v3Padding)
	}
	return p.buf[v3Head:whole], nil
}

// short gives the error for a response that stopped before the n bytes that it should have had.
func (p *packet) short(err error, part string, n int) error {
	if !ended(err) {
		return err
	}
	if len(p.buf) == 0 {
		return &badAnswer{text: "CHECK_NRPE: Received 0 bytes from daemon.  Check the remote server logs for error messages."}
	}
	return &badAnswer{
		text:   fmt.Sprintf("CHECK_NRPE: Receive %sunderflow - only %d bytes received (%d expected).", part, len(p.buf), n),
		detail: p.begins(), weight: broken,
	}
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// begins tells what came instead of a response, so that its reader may recognise it.
func (p *packet) begins() string {
	if len(p.buf) > 2 && p.buf[0] == 0x15 && p.buf[1] == 3 {
		return "the server answered with TLS: try without -n"
	}
	return fmt.Sprintf("the answer begins with %q", p.buf[:min(len(p.buf), 2*headLen)])
}
