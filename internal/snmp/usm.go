package snmp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// The bits of msgFlags (RFC 3412, 6.4).
const (
	flagAuth       = 1
	flagPriv       = 2
	flagReportable = 4
)

// userSecurity is the number of the User-based Security Model (RFC 3411).
const userSecurity = 3

var errNotAuthentic = errors.New("message is not authentic")

// engine is what one must know of an SNMPv3 agent to speak to it.
type engine struct {
	id          string
	boots, time int32
}

// valid says whether the id may be one (RFC 3411, SnmpEngineID).
func (e *engine) valid() bool { return len(e.id) >= 5 && len(e.id) <= 32 }

// secureMessage is a decoded SNMPv3 message.
type secureMessage struct {
	id     int32
	flags  byte
	engine engine
	pdu    pdu
}

// usm makes and reads the messages of one user to one engine.
type usm struct {
	user   *user
	engine engine
	keys   *keyRing
}

// encode makes the message that carries p. Without an engine id it is the question for one: unsigned, with no user.
func (s *usm) encode(id int32, p pdu) []byte {
	flags, name, mac := s.user.flags(), s.user.Name, 0
	if s.engine.id == "" {
		flags, name = 0, ""
	}
	if flags&flagAuth != 0 {
		mac = s.user.auth.mac
	}
	data, salt := s.scoped(flags, p)
	body := appendInt(make([]byte, 0, len(data)+200), int64(Version3))
	body = appendTLV(body, tagSequence, globalData(id, flags|flagReportable))

	params := appendTLV(nil, TagOctets, []byte(s.engine.id))
	params = appendInt(params, int64(s.engine.boots))
	params = appendInt(params, int64(s.engine.time))
	params = appendTLV(params, TagOctets, []byte(name))
	params = appendTLV(params, TagOctets, make([]byte, mac))
	params = appendTLV(params, TagOctets, salt)
	body = appendTLV(body, TagOctets, appendTLV(nil, tagSequence, params))
	msg := appendTLV(nil, tagSequence, append(body, data...))
	if mac > 0 {
		// Behind the code come only the salt's element and the data.
		off := len(msg) - len(data) - (2 + len(salt)) - mac
		copy(msg[off:off+mac], s.sign(msg))
	}
	return msg
}

func globalData(id int32, flags byte) []byte {
	b := appendInt(nil, int64(id))
	b = appendInt(b, maxMessage)
	b = appendTLV(b, TagOctets, []byte{flags})
	return appendInt(b, userSecurity)
}

// scoped makes the part of the message that may be encrypted, and the salt it was encrypted with.
func (s *usm) scoped(flags byte, p pdu) (data, salt []byte) {
	b := appendTLV(nil, TagOctets, []byte(s.engine.id))
	b = appendTLV(b, TagOctets, []byte(s.user.Context))
	plain := appendTLV(nil, tagSequence, p.append(b))
	if flags&flagPriv == 0 {
		return plain, nil
	}
	salt = binary.BigEndian.AppendUint64(nil, rand.Uint64())
	if s.user.priv.des {
		binary.BigEndian.PutUint32(salt, uint32(s.engine.boots))
	}
	return appendTLV(nil, TagOctets, s.encrypt(plain, salt)), salt
}

func (s *usm) sign(msg []byte) []byte {
	h := hmac.New(s.user.auth.hash, s.keys.localised(s.user.auth, s.user.AuthPassword, s.engine.id))
	h.Write(msg)
	return h.Sum(nil)[:s.user.auth.mac]
}

// decode reads an answer to message id. What is not such an answer gives errStray; an answer that should be signed and
// is not, or wrongly, errNotAuthentic. Reports may come unsigned, since an agent that cannot read us can say so in no
// other way; flags says whether this one was signed.
func (s *usm) decode(id int32, msg []byte) (secureMessage, error) {
	all := newReader(msg)
	r := all.enter(tagSequence)
	if r.int() != int64(Version3) {
		return secureMessage{}, errStray
	}
	global := r.enter(tagSequence)
	m, model := readGlobal(&global)
	outer := r.enter(TagOctets)
	params := outer.enter(tagSequence)
	engineID, _ := params.octets()
	m.engine = engine{string(engineID), int32(params.int()), int32(params.int())}
	params.octets() // the user's name
	mac, at := params.octets()
	salt, _ := params.octets()
	if params.err != nil || r.err != nil {
		return m, errBER
	}
	if m.id != id || model != userSecurity {
		return m, errStray
	}
	if m.flags&flagAuth != 0 {
		if err := s.verify(&m, msg, mac, at); err != nil {
			return m, err
		}
	}
	err := s.readScoped(&m, &r, salt)
	if err == nil && m.pdu.kind != tagReport && m.flags&(flagAuth|flagPriv) != s.user.flags() {
		return m, errNotAuthentic
	}
	return m, err
}

func readGlobal(r *reader) (m secureMessage, model int64) {
	m.id = int32(r.int())
	r.int() // what the agent takes at most
	if flags, _ := r.octets(); len(flags) == 1 {
		m.flags = flags[0]
	}
	model = r.int()
	if r.err != nil {
		model = -1
	}
	return m, model
}

// verify checks the code that lies at an offset of the message.
func (s *usm) verify(m *secureMessage, msg, mac []byte, at int) error {
	if s.user.auth == nil || m.engine.id != s.engine.id || len(mac) != s.user.auth.mac {
		return errNotAuthentic
	}
	blank := append([]byte(nil), msg...)
	clear(blank[at : at+len(mac)])
	if !hmac.Equal(mac, s.sign(blank)) {
		return errNotAuthentic
	}
	return nil
}

func (s *usm) readScoped(m *secureMessage, r *reader, salt []byte) error {
	if m.flags&flagPriv != 0 {
		if m.flags&flagAuth == 0 || s.user.priv == nil {
			return errStray
		}
		sealed, _ := r.octets()
		plain, err := s.decrypt(m.engine, sealed, salt)
		if r.err != nil || err != nil {
			return errBER
		}
		inner := newReader(plain)
		r = &inner
	}
	scoped := r.enter(tagSequence)
	scoped.octets() // context engine
	scoped.octets() // context name
	if scoped.err != nil {
		return errBER
	}
	if err := m.pdu.read(&scoped); err != nil {
		return err
	}
	m.pdu = m.pdu.clone()
	return nil
}

func (s *usm) encrypt(plain, salt []byte) []byte {
	block, iv := s.cipher(s.engine, salt)
	if !s.user.priv.des {
		return cfb(block, iv, plain, false)
	}
	padded := append(plain, make([]byte, -len(plain)&7)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return padded
}

func (s *usm) decrypt(from engine, sealed, salt []byte) ([]byte, error) {
	if len(salt) != 8 {
		return nil, errBER
	}
	block, iv := s.cipher(from, salt)
	if !s.user.priv.des {
		return cfb(block, iv, sealed, true), nil
	}
	if len(sealed)%8 != 0 {
		return nil, errBER
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, sealed)
	return plain, nil
}

// cipher gives the block cipher of the user's privacy key and the IV for a salt: RFC 3414, 8.1.1 for DES, RFC 3826,
// 3.1.2 for AES.
func (s *usm) cipher(of engine, salt []byte) (cipher.Block, []byte) {
	key := s.keys.private(s.user.auth, s.user.priv, s.user.PrivPassword, s.engine.id)
	if s.user.priv.des {
		iv := make([]byte, 8)
		for i := range iv {
			iv[i] = key[8+i] ^ salt[i]
		}
		return must(des.NewCipher(key[:8])), iv
	}
	iv := binary.BigEndian.AppendUint32(make([]byte, 0, 16), uint32(of.boots))
	iv = binary.BigEndian.AppendUint32(iv, uint32(of.time))
	return must(aes.NewCipher(key)), append(iv, salt...)
}

// must unwraps a cipher; only a key of a wrong length is refused, and ours have the length that their protocol says.
func must(block cipher.Block, err error) cipher.Block {
	if err != nil {
		panic("snmp: " + err.Error())
	}
	return block
}

// cfb is cipher feedback over whole blocks, in either direction, into a new slice. The standard library has it only as
// deprecated, because it does not authenticate; here the message's own code does.
func cfb(block cipher.Block, iv, in []byte, decrypt bool) []byte {
	out := make([]byte, len(in))
	size := block.BlockSize()
	stream, feed := make([]byte, size), append([]byte(nil), iv...)
	for i := 0; i < len(in); i += size {
		block.Encrypt(stream, feed)
		end := min(i+size, len(in))
		for j := i; j < end; j++ {
			out[j] = in[j] ^ stream[j-i]
		}
		if decrypt {
			copy(feed, in[i:end])
		} else {
			copy(feed, out[i:end])
		}
	}
	return out
}
