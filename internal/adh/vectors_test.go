package adh

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"testing"
)

// vector is a handshake with OpenSSL 3.0.19 (s_server -nocert, a group of 1024 bits) that OpenSSL accepted: the
// client's random numbers were fixed.
type vector struct {
	name                                                 string
	version, suite                                       uint16
	clientHello, serverHello, serverKey                  string
	premaster, master, block, clientVerify, serverVerify string
}

const (
	vectorSecret = "91b728ab8687dbeb300f83e66a2f20cf09240fdbf3ee47142d645124882fdbe9"
	vectorShare  = "b1abc6b3fa5541e24f08d6499b180db228003a5ef8828ecbbf56c0365500369d12187f72791eba35ad21a61be23c6c2a7b8112cd3e08b0f93c75f6b8c35a45171fa56d81f22634b3bdfd8fbb9350cd46dc14bb6502b837c5e25713a408be3c94c17bd6a9db2c93968d8aa09f45ca4b4c93637dee35064bacce1fe6c7641a02f9"
)

func vectors() []vector {
	return []vector{
		{
			name: "TLS 1.2 ADH-AES256-GCM-SHA384", version: tls.VersionTLS12, suite: DHAnonAES256GCMSHA384,
			clientHello:  "0100002b0303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00000400a700ff0100",
			serverHello:  "0200004d03032f49b160172b22fd57a56603f509c24b972f1d5c3c65b433cc5bdb2569e037d620ab30592133bff901605686f1e3232521cbf85581056dbbfa0e526004f5da63a000a7000005ff01000100",
			serverKey:    "0c0001070080be2e455133a91ae36f22a942ac2ef9431a257a16ef4464053f2ebbaec72d96047b34ed16d3f4bbc9fcf206c7b0d212b78db929f49593d969e4da33405ef1e89f54a1efcb2ae2c0f82a9bf64e1f733cd8b91cce9ca1b4dff590059523a3760d486b52716470d40c8c5c0cfa5c7f818d57c609c892386b7bae556d8daf6be597ef000102008062860d5a784cdb6797e50e1ac05ef39058878d68f78b749b1bcabdf1c2d35d52520c6fd176b21160e44814efd18143d27a6f03b11aee83739e778237f15d472e1ea360dccc10be2ffaffaa9b897817d5fbcccd4bfdb48e9bceed64c3f897dda2e0519fcf7abc0fede90716fc98abbfe38525c9ee2bb864912b611ec4a4cc0694",
			premaster:    "0ba6f63f305bce2422bc034313e11bcb8979e73f4e82a166e597fd14fe11a090f4b926171424a6e26308e568678f016b69e10a413e6ad846976004aca9b1add097952f3770e85e46f12105853f6b32b37a88d446594611ff52e47edf9f2cdea701d242a1f8ec917050b633a06e6c2c37acb9989cc2063e7384247474d15ca2f0",
			master:       "66288c47785f6c1d3b0f38a2771a47d647610dfd97fa513c80c85e6df967243e11ec978747c9bf4c955796a55a253fbd",
			block:        "5fea50d68732cf13ccfaf44eba327d90a8ca7b85b505682f4cee60ebe6c4de5f52f564d8a4c3289b352fa23e6ca43d6da6f63303b265352ce6d8da48af1f5fbef07b287a78515feb2a2400c45ef600da993aaac15bd5976b714ef0d4d600ef95",
			clientVerify: "a24182258e02472da08b7345",
			serverVerify: "580739b8b99079752c2afa6e",
		},
		{
			name: "TLS 1.0 ADH-AES128-SHA", version: tls.VersionTLS10, suite: DHAnonAES128CBCSHA,
			clientHello:  "0100002b0301000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f000004003400ff0100",
			serverHello:  "0200004d030162f73d6f37f69fa41932accef07e57f177d56841974d378d444f574e4752440020443298d92bb6492f26b17815cfc37f65295df8dfaa829b60cd62e7b6c77264b80034000005ff01000100",
			serverKey:    "0c0001070080be2e455133a91ae36f22a942ac2ef9431a257a16ef4464053f2ebbaec72d96047b34ed16d3f4bbc9fcf206c7b0d212b78db929f49593d969e4da33405ef1e89f54a1efcb2ae2c0f82a9bf64e1f733cd8b91cce9ca1b4dff590059523a3760d486b52716470d40c8c5c0cfa5c7f818d57c609c892386b7bae556d8daf6be597ef000102008048f8105f04c18bfb7b38f3bc8a141fc5f50d914607338a224ded4aea0daef4040f82c7b03073dcda140e169ba3d35d1c1c686e136577a8bb1fcec66d0d9fa879ea7dfe719d915fad378c2f434bb0f7e761adf58c7bf134c48ebccf3fdcf135f030cb809b86b56e0ab0a0039272b230b37b631a9dba832729dda5867802d2a009",
			premaster:    "28cce5d40ab6ba0221856cdb64fb454b8807601f2c866d4f9456255094ebac2dafae8eea66eba22c900fbb489c39068e97da16ca9152c7aa373b4de96e9953cbbcf333d2b1751382b544272ee1f9efdef1892b91188b3f5a73540025b35c73d9c70d58c9a298c0554d1135d930beee60943e7adfb5a197af72af801dc8ab746d",
			master:       "620805b98d5cd4ba598e3e8844e740db6a5877bb9471bf39d434b7f8ba59c4e566b03ec64da31ab3d661cf14fcb09a40",
			block:        "cb9ed9961a27aa0ea52ec5615f11942963eab888f300705fa47b29a52da0c4db01109ba18342879aac9394e8e7989de16e1dfb1f7a2fb86aad098842a6a43ad751eff726ead3cba992a69a607b51299f52413e8826b6866ccd96191460fee2f248e6854e678d7171",
			clientVerify: "c6d587d932c0a7868038d21c",
			serverVerify: "40e0c361f8ade9623e7152ff",
		},
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKeysAgreeWithOpenSSL replays the captured handshakes: what is sent, and every secret that comes of it.
func TestKeysAgreeWithOpenSSL(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			random := make([]byte, randomLen)
			for i := range random {
				random[i] = byte(i)
			}
			hello := clientHello{version: v.version, random: random, suites: []uint16{v.suite, renegotiationInfo}}
			same(t, "ClientHello", hello.marshal(), v.clientHello)

			server, err := parseServerHello(unhex(t, v.serverHello)[4:])
			if err != nil {
				t.Fatal(err)
			}
			if server.version != v.version || server.suite != v.suite {
				t.Fatalf("ServerHello has %#x, %#x", server.version, server.suite)
			}
			c := &Conn{cfg: Config{Rand: bytes.NewReader(unhex(t, vectorSecret))}.withDefaults(), version: v.version, suite: suiteByID(v.suite)}
			premaster, share, err := c.agreeDH(unhex(t, v.serverKey)[4:])
			if err != nil {
				t.Fatal(err)
			}
			same(t, "share", share, vectorShare)
			same(t, "premaster secret", premaster, v.premaster)
			master := c.suite.master(v.version, premaster, random, server.random)
			same(t, "master secret", master, v.master)
			block := c.suite.keyBlock(v.version, master, random, server.random)
			same(t, "key block", block, v.block[:2*len(block)])

			transcript := bytes.Join([][]byte{
				hello.marshal(), unhex(t, v.serverHello), unhex(t, v.serverKey), message(msgServerHelloDone, nil),
				marshalClientShare(share, false),
			}, nil)
			proof := c.suite.finished(v.version, master, clientFinished, transcript)
			same(t, "client's Finished", proof, v.clientVerify)
			transcript = append(transcript, message(msgFinished, proof)...)
			same(t, "server's Finished", c.suite.finished(v.version, master, serverFinished, transcript), v.serverVerify)
		})
	}
}

func same(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if hex.EncodeToString(got) != want {
		t.Errorf("%s is\n%x, want\n%s", what, got, want)
	}
}
