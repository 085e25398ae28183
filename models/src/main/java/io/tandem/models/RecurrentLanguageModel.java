package io.tandem.models;

import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.Layer;

/**
 * A recurrent language model (Mikolov et al., 2010): token vectors, recurrent layers, and a dense layer to the logits of
 * the next token, from tokens [N, T] of int32 or int64 to [N, T, tokens].
 *
 * @param embedding vectors of tokens
 * @param recurrent from [N, T, width] to [N, T, units]
 * @param head from there to logits
 */
public record RecurrentLanguageModel(Embedding embedding, Layer recurrent, Dense head) implements Layer {
    /**
     * Layers of a chosen kind.
     *
     * @param kind the kind
     * @param tokens size of the vocabulary
     * @param width size of a token's vector
     * @param layers number of recurrent layers
     * @param units size of their states
     * @param dropout rate of dropout between them, 0 for none
     */
    public static RecurrentLanguageModel of(
            RecurrentKind kind, int tokens, int width, int layers, int units, double dropout) {
        return new RecurrentLanguageModel(
                Embedding.of(tokens, width), kind.sequences(layers, units, dropout), Dense.of(tokens));
    }

    @Override
    public Tensor forward(Tensor x) {
        return head.apply(recurrent.apply(embedding.apply(x)));
    }
}
