package io.tandem.cpu.codegen.machine;

/**
 * Instructions on vectors in their EVEX encoding (Intel 64 and IA-32 Architectures Software Developer's Manual, volume
 * 2), by mnemonic. Operands are, in this order, a register, a second one where there are three, and a register or
 * memory; {@code STORE} forms write the latter.
 */
public enum VectorInstruction {
    VADDPS(1, 0, 0, 0x58),
    VADDPD(1, 1, 1, 0x58),
    VMULPS(1, 0, 0, 0x59),
    VMULPD(1, 1, 1, 0x59),
    VSUBPS(1, 0, 0, 0x5c),
    VSUBPD(1, 1, 1, 0x5c),
    VDIVPS(1, 0, 0, 0x5e),
    VDIVPD(1, 1, 1, 0x5e),
    /** The second of two operands if either is NaN. */
    VMAXPS(1, 0, 0, 0x5f),
    VSQRTPS(1, 0, 0, 0x51),
    VSQRTPD(1, 1, 1, 0x51),
    VRANGEPS(3, 1, 0, 0x50),
    VRANGEPD(3, 1, 1, 0x50),
    VFMADD213PS(2, 1, 0, 0xa8),
    VFMADD213PD(2, 1, 1, 0xa8),
    VFMADD231PS(2, 1, 0, 0xb8),
    VFMADD231PD(2, 1, 1, 0xb8),
    VCMPPS(1, 0, 0, 0xc2),
    VCMPPD(1, 1, 1, 0xc2),
    VPCMPD(3, 1, 0, 0x1f),
    VPCMPQ(3, 1, 1, 0x1f),
    VPADDD(1, 1, 0, 0xfe),
    VPADDQ(1, 1, 1, 0xd4),
    VPSUBD(1, 1, 0, 0xfa),
    VPSUBQ(1, 1, 1, 0xfb),
    VPMULLD(2, 1, 0, 0x40),
    VPMULLQ(2, 1, 1, 0x40),
    VPMINSD(2, 1, 0, 0x39),
    VPMINSQ(2, 1, 1, 0x39),
    VPMAXSD(2, 1, 0, 0x3d),
    VPMAXSQ(2, 1, 1, 0x3d),
    VPABSD(2, 1, 0, 0x1e),
    VPABSQ(2, 1, 1, 0x1f),
    VPABSB(2, 1, 0, 0x1c),
    VPANDD(1, 1, 0, 0xdb),
    VPANDQ(1, 1, 1, 0xdb),
    VPORD(1, 1, 0, 0xeb),
    VPORQ(1, 1, 1, 0xeb),
    VPXORD(1, 1, 0, 0xef),
    VPXORQ(1, 1, 1, 0xef),
    /** By an immediate; the register operand is 6. */
    VPSLLD(1, 1, 0, 0x72),
    /** By an immediate; the register operand is 6. */
    VPSLLQ(1, 1, 1, 0x73),
    /** By an immediate; the register operand is 4. */
    VPSRAD(1, 1, 0, 0x72),
    /** By an immediate; the register operand is 4. */
    VPSRAQ(1, 1, 1, 0x72),
    /** By an immediate; the register operand is 2. */
    VPSRLD(1, 1, 0, 0x72),
    /** By an immediate; the register operand is 2. */
    VPSRLQ(1, 1, 1, 0x73),
    VPBLENDMD(2, 1, 0, 0x64),
    VPBLENDMQ(2, 1, 1, 0x64),
    VCVTDQ2PS(1, 0, 0, 0x5b),
    VCVTTPS2DQ(1, 2, 0, 0x5b),
    VCVTQQ2PD(1, 2, 1, 0xe6),
    VCVTTPD2QQ(1, 1, 1, 0x7a),
    VCVTTPS2QQ(1, 1, 0, 0x7a),
    VCVTQQ2PS(1, 0, 1, 0x5b),
    VCVTDQ2PD(1, 2, 0, 0xe6),
    VCVTTPD2DQ(1, 1, 1, 0xe6),
    VCVTPS2PD(1, 0, 0, 0x5a),
    VCVTPD2PS(1, 1, 1, 0x5a),
    VPMOVSXDQ(2, 1, 0, 0x25),
    VPMOVZXBD(2, 1, 0, 0x31),
    VPMOVZXWD(2, 1, 0, 0x33),
    VCVTPH2PS(2, 1, 0, 0x13),
    VPMOVQD_STORE(2, 2, 0, 0x35),
    VPMOVDB_STORE(2, 2, 0, 0x31),
    VPMOVDW_STORE(2, 2, 0, 0x33),
    VCVTPS2PH_STORE(3, 1, 0, 0x1d),
    VMOVUPS(1, 0, 0, 0x10),
    VMOVUPD(1, 1, 1, 0x10),
    VMOVUPS_STORE(1, 0, 0, 0x11),
    VMOVUPD_STORE(1, 1, 1, 0x11),
    VMOVDQU8(1, 3, 0, 0x6f),
    VMOVDQU8_STORE(1, 3, 0, 0x7f),
    /** Eight bytes, to 128 bits. */
    VMOVQ(1, 1, 1, 0x6e),
    /** Eight bytes of 128 bits. */
    VMOVQ_STORE(1, 1, 1, 0x7e),
    /** Four bytes of 128 bits. */
    VMOVSS_STORE(1, 2, 0, 0x11),
    VBROADCASTSS(2, 1, 0, 0x18),
    VBROADCASTSD(2, 1, 1, 0x19),
    VPBROADCASTW(2, 1, 0, 0x79),
    /** From a general register. */
    VPBROADCASTD(2, 1, 0, 0x7c),
    VGATHERDPS(2, 1, 0, 0x92),
    VGATHERDPD(2, 1, 1, 0x92),
    VSCATTERDPS(2, 1, 0, 0xa2),
    VSCATTERDPD(2, 1, 1, 0xa2),
    VPTESTMB(2, 1, 0, 0x26),
    VPTESTMD(2, 1, 0, 0x27),
    VPMOVM2D(2, 2, 0, 0x38),
    VPMOVM2B(2, 2, 0, 0x28),
    VEXTRACTI32X4_STORE(3, 1, 0, 0x39),
    VEXTRACTI64X4_STORE(3, 1, 1, 0x3b),
    VINSERTI64X4(3, 1, 1, 0x3a),
    VPERMILPS(3, 1, 0, 0x04),
    VUNPCKLPS(1, 0, 0, 0x14),
    VUNPCKHPS(1, 0, 0, 0x15),
    VUNPCKLPD(1, 1, 1, 0x14),
    VUNPCKHPD(1, 1, 1, 0x15),
    VSHUFF32X4(3, 1, 0, 0x23);

    final int map;
    final int prefix;
    final int wide;
    final int opcode;

    VectorInstruction(int map, int prefix, int wide, int opcode) {
        this.map = map;
        this.prefix = prefix;
        this.wide = wide;
        this.opcode = opcode;
    }
}
