package mcrypt

// longest is the largest block of all ciphers.
const longest = 32

// piece is how much is worked on at once.
const piece = 512

// CFB is a stream in libmcrypt's mode "cfb": of each block that the cipher gives, the first byte is used, and the register moves
// on by one byte of what is on the wire. It runs on from call to call. One stream goes one way, and belongs to one goroutine.
type CFB struct {
	block Block
	size  int
	// wire is the register, and behind it what is on the wire of the piece at hand.
	wire [longest + piece]byte
	out  [longest]byte
}

// NewCFB begins a stream. The register is the first bytes of iv, as many as the cipher's block has.
func NewCFB(b Block, iv []byte) *CFB {
	c := &CFB{block: b, size: b.BlockSize()}
	copy(c.wire[:c.size], iv)
	return c
}

// Decrypt decrypts b in its place.
func (c *CFB) Decrypt(b []byte) {
	for len(b) > 0 {
		n := copy(c.wire[c.size:c.size+piece], b)
		for i := range b[:n] {
			c.block.Encrypt(c.out[:c.size], c.wire[i:i+c.size])
			b[i] ^= c.out[0]
		}
		copy(c.wire[:c.size], c.wire[n:])
		b = b[n:]
	}
}

// Encrypt encrypts b in its place.
func (c *CFB) Encrypt(b []byte) {
	for len(b) > 0 {
		n := min(len(b), piece)
		for i := range b[:n] {
			c.block.Encrypt(c.out[:c.size], c.wire[i:i+c.size])
			b[i] ^= c.out[0]
			c.wire[c.size+i] = b[i]
		}
		copy(c.wire[:c.size], c.wire[n:])
		b = b[n:]
	}
}
