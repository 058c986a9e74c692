package adh

import (
	"crypto/cipher"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Content types (RFC 5246, 6.2.1) and alerts (7.2).
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordAppData          = 23

	alertWarning     = 1
	alertCloseNotify = 0
)

const (
	headerLen    = 5
	maxPlaintext = 1 << 14
	// maxFragment is the longest record body that RFC 5246, 6.2.3 allows.
	maxFragment = maxPlaintext + 2048
	// maxIdle is how many records in a row may carry nothing before the other side is taken for a time waster.
	maxIdle = 16

	gcmFixedLen    = 4
	gcmExplicitLen = 8
)

var errBadRecord = errors.New("record was not sealed with the agreed keys")

// direction is one half of the record layer: in or out.
type direction struct {
	cipher recordCipher // nil before ChangeCipherSpec
	seq    uint64
}

// recordCipher protects records of one direction. Neither method keeps its arguments.
type recordCipher interface {
	// seal appends the protected form of plain to dst.
	seal(dst []byte, head recordHead, plain []byte, random io.Reader) ([]byte, error)
	// open gives the plain text of a record body, in the room of the body.
	open(head recordHead, body []byte) ([]byte, error)
}

// recordHead is what a record's protection covers besides its text.
type recordHead struct {
	seq     uint64
	typ     byte
	version uint16
}

// bytes gives the 13 bytes that go into the MAC before n bytes of text.
func (h recordHead) bytes(n int) [13]byte {
	var b [13]byte
	binary.BigEndian.PutUint64(b[:], h.seq)
	b[8] = h.typ
	binary.BigEndian.PutUint16(b[9:], h.version)
	binary.BigEndian.PutUint16(b[11:], uint16(n))
	return b
}

// gcmCipher is AES-GCM as RFC 5288 uses it. The explicit part of the nonce is the record's number.
type gcmCipher struct {
	aead  cipher.AEAD
	fixed []byte
	nonce [gcmFixedLen + gcmExplicitLen]byte
}

func (g *gcmCipher) seal(dst []byte, head recordHead, plain []byte, _ io.Reader) ([]byte, error) {
	copy(g.nonce[:], g.fixed)
	binary.BigEndian.PutUint64(g.nonce[gcmFixedLen:], head.seq)
	dst = append(dst, g.nonce[gcmFixedLen:]...)
	extra := head.bytes(len(plain))
	return g.aead.Seal(dst, g.nonce[:], plain, extra[:]), nil
}

func (g *gcmCipher) open(head recordHead, body []byte) ([]byte, error) {
	if len(body) < gcmExplicitLen+g.aead.Overhead() {
		return nil, errBadRecord
	}
	copy(g.nonce[:], g.fixed)
	copy(g.nonce[gcmFixedLen:], body)
	body = body[gcmExplicitLen:]
	extra := head.bytes(len(body) - g.aead.Overhead())
	plain, err := g.aead.Open(body[:0], g.nonce[:], body, extra[:])
	if err != nil {
		return nil, errBadRecord
	}
	return plain, nil
}

// cbcCipher is AES-CBC over text, MAC and padding (RFC 5246, 6.2.3.2). How long a failing open takes may tell where it
// failed; that helps nobody who could not sit in the middle of an anonymous connection anyway.
type cbcCipher struct {
	block    cipher.Block
	mac      hash.Hash
	explicit bool   // each record brings its IV: TLS 1.1 and later
	iv       []byte // otherwise the last block of the record before
}

func (c *cbcCipher) seal(dst []byte, head recordHead, plain []byte, random io.Reader) ([]byte, error) {
	size := c.block.BlockSize()
	if c.explicit {
		c.iv = make([]byte, size)
		if _, err := io.ReadFull(random, c.iv); err != nil {
			return nil, fmt.Errorf("reading randomness: %w", err)
		}
		dst = append(dst, c.iv...)
	}
	start := len(dst)
	dst = append(dst, plain...)
	dst = c.sum(dst, head, plain)
	pad := size - (len(dst)-start)%size
	for range pad {
		dst = append(dst, byte(pad-1))
	}
	text := dst[start:]
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(text, text)
	if !c.explicit {
		copy(c.iv, text[len(text)-size:])
	}
	return dst, nil
}

func (c *cbcCipher) open(head recordHead, body []byte) ([]byte, error) {
	size := c.block.BlockSize()
	if len(body)%size != 0 || len(body) < size {
		return nil, errBadRecord
	}
	iv := c.iv
	if c.explicit {
		iv, body = body[:size], body[size:]
	}
	if len(body) < c.mac.Size()+1 {
		return nil, errBadRecord
	}
	last := append(make([]byte, 0, size), body[len(body)-size:]...)
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(body, body)
	if !c.explicit {
		c.iv = last
	}
	return c.strip(head, body)
}

// strip takes MAC and padding off.
func (c *cbcCipher) strip(head recordHead, text []byte) ([]byte, error) {
	pad := int(text[len(text)-1])
	good := 1
	if pad+1+c.mac.Size() > len(text) {
		pad, good = 0, 0
	}
	for _, b := range text[len(text)-1-pad:] {
		good &= subtle.ConstantTimeByteEq(b, byte(pad))
	}
	n := len(text) - 1 - pad - c.mac.Size()
	want := c.sum(nil, head, text[:n])
	if good&subtle.ConstantTimeCompare(want, text[n:n+len(want)]) != 1 {
		return nil, errBadRecord
	}
	return text[:n], nil
}

func (c *cbcCipher) sum(dst []byte, head recordHead, plain []byte) []byte {
	extra := head.bytes(len(plain))
	c.mac.Reset()
	c.mac.Write(extra[:])
	c.mac.Write(plain)
	return c.mac.Sum(dst)
}

// queue makes one record of at most maxPlaintext bytes of text, to be sent by flush.
func (c *Conn) queue(typ byte, plain []byte) error {
	version := c.version
	if version == 0 {
		version = tls.VersionTLS10 // a first hello, which old servers read too
	}
	start := len(c.unsent)
	rec := append(c.unsent, typ, byte(version>>8), byte(version), 0, 0)
	if c.out.cipher == nil {
		rec = append(rec, plain...)
	} else {
		var err error
		head := recordHead{seq: c.out.seq, typ: typ, version: version}
		if rec, err = c.out.cipher.seal(rec, head, plain, c.cfg.Rand); err != nil {
			return err
		}
	}
	binary.BigEndian.PutUint16(rec[start+3:], uint16(len(rec)-start-headerLen))
	c.out.seq++
	c.unsent = rec
	return nil
}

// flush sends what is queued, in one write.
func (c *Conn) flush() error {
	_, err := c.conn.Write(c.unsent)
	c.unsent = c.unsent[:0]
	return err
}

// receive reads one record. The text is valid until the next call.
func (c *Conn) receive() (typ byte, plain []byte, err error) {
	head, err := c.fill(headerLen)
	if err != nil {
		return 0, nil, err
	}
	typ, version, n := head[0], binary.BigEndian.Uint16(head[1:]), int(binary.BigEndian.Uint16(head[3:]))
	if typ < recordChangeCipherSpec || typ > recordAppData || version>>8 != 3 {
		return 0, nil, fmt.Errorf("the other side does not speak TLS: it sent %q", head)
	}
	if n > maxFragment || c.version != 0 && version != c.version {
		return 0, nil, fmt.Errorf("TLS record of version %#x and %d bytes does not belong here", version, n)
	}
	body, err := c.fill(headerLen + n)
	if err != nil {
		return 0, nil, err
	}
	body = body[headerLen:]
	c.rawUsed += headerLen + n
	if c.in.cipher != nil {
		if body, err = c.in.cipher.open(recordHead{seq: c.in.seq, typ: typ, version: c.version}, body); err != nil {
			return 0, nil, err
		}
	}
	c.in.seq++
	if len(body) > maxPlaintext {
		return 0, nil, fmt.Errorf("TLS record holds %d bytes of text, more than %d", len(body), maxPlaintext)
	}
	return typ, body, nil
}

// fill reads until n bytes of records lie unused, and gives them. The room grows with what comes, not with what is
// promised.
func (c *Conn) fill(n int) ([]byte, error) {
	if c.rawUsed > 0 {
		c.raw = c.raw[:copy(c.raw, c.raw[c.rawUsed:])]
		c.rawUsed = 0
	}
	if c.raw == nil {
		c.raw = make([]byte, 0, 2048)
	}
	for len(c.raw) < n {
		if len(c.raw) == cap(c.raw) {
			c.raw = append(c.raw, 0)[:len(c.raw)]
		}
		got, err := c.conn.Read(c.raw[len(c.raw):cap(c.raw)])
		c.raw = c.raw[:len(c.raw)+got]
		if err == io.EOF && len(c.raw) < n {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil && len(c.raw) < n {
			return nil, err
		}
	}
	return c.raw[:n], nil
}

// nextAppData waits for application data, and looks after whatever else comes after the handshake.
func (c *Conn) nextAppData() error {
	for {
		typ, plain, err := c.receive()
		if err != nil {
			return err
		}
		switch {
		case typ == recordAppData && len(plain) > 0:
			c.appData, c.idle = plain, 0
			return nil
		case typ == recordAlert:
			err = readAlert(plain)
		case typ == recordHandshake && !isHelloRequest(plain):
			err = fmt.Errorf("handshake message of type %d after the handshake", firstByte(plain))
		case typ == recordChangeCipherSpec:
			err = errors.New("change of keys after the handshake")
		}
		if err == nil {
			err = c.waste()
		}
		if err != nil {
			return err
		}
	}
}

// waste counts a record that carried nothing.
func (c *Conn) waste() error {
	if c.idle++; c.idle > maxIdle {
		return fmt.Errorf("%d TLS records in a row that carry nothing", c.idle)
	}
	return nil
}

// readAlert gives what an alert means: io.EOF, an AlertError, or nil for a mere warning.
func readAlert(b []byte) error {
	switch {
	case len(b) != 2:
		return fmt.Errorf("TLS alert of %d bytes", len(b))
	case b[1] == alertCloseNotify:
		return io.EOF
	case b[0] == alertWarning:
		return nil
	}
	return AlertError(b[1])
}

func firstByte(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}
